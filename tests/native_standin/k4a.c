/* A stand-in for libk4a: the same ABI over scripted devices, for tests without a camera.

   Devices deliver only what a test grants them (standin_push), so nothing here depends on a clock. Every
   depth and infrared pixel, and the last four bytes of every JPEG, hold the number of the frame. Handles are
   never reused, so that a leak, a second release, a use after release and a close while running are all counted.

   A device that is stalled (standin_stall) does not come back from being stopped, and delivers nothing.

   Build with -DORBBEC for Orbbec's wrapper: its extra symbol, 25 frames a second, brightness to 100, and an
   open that does not notice that the device is in use. -DWITHOUT_SYNC_JACK leaves one function out. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
enum { SUCCEEDED, FAILED, TIMEOUT_OR_TOO_SMALL };
enum { MJPG, NV12, YUY2, BGRA, DEPTH16, IR16 };
enum { DEVICES = 4, CONTROLS = 11, PADDING = 64 };

typedef struct {
    int color_format, color_resolution, depth_mode, camera_fps;
    bool synchronized_images_only;
    int32_t depth_delay_off_color_usec;
    int wired_sync_mode;
    uint32_t subordinate_delay_off_master_usec;
    bool disable_streaming_indicator;
} configuration_t;

typedef struct {
    float temperature;
    float accel[3];
    uint64_t accel_usec;
    float gyro[3];
    uint64_t gyro_usec;
} imu_sample_t;

typedef struct {
    _Atomic int references; /* a tracker lets go on a thread of its own */
    int format, width, height, stride;
    size_t size;
    uint8_t *buffer;
    uint64_t usec;
} image_t;

typedef struct {
    _Atomic int references;
    image_t *images[3];
} capture_t;

typedef struct {
    bool plugged, started, imu_started, stalled;
    int open;
    uint32_t frame, granted, samples, samples_granted;
    configuration_t configuration;
    int modes[CONTROLS];
    int32_t values[CONTROLS];
} device_t;

typedef struct {
    bool automatic;
    int32_t lowest, highest, step, value;
    int mode;
} control_t;

#ifdef ORBBEC
enum { BRIGHTEST = 100, FASTEST = 3, SHARED = true };
#else
enum { BRIGHTEST = 255, FASTEST = 2, SHARED = false };
#endif

static const control_t controls[CONTROLS] = {
    [0] = {true, 500, 133330, 100, 8330, 0},  [2] = {false, 0, BRIGHTEST, 1, (BRIGHTEST + 1) / 2, 1},
    [3] = {false, 0, 10, 1, 5, 1},            [4] = {false, 0, 63, 1, 32, 1},
    [5] = {false, 0, 4, 1, 2, 1},             [6] = {true, 2500, 12500, 10, 4500, 0},
    [7] = {false, 0, 1, 1, 0, 1},             [8] = {false, 0, 255, 1, 128, 1},
    [9] = {false, 1, 2, 1, 2, 1},
};
static const int depth_sizes[6][2] = {{0, 0}, {320, 288}, {640, 576}, {512, 512}, {1024, 1024}, {1024, 1024}};
static const int color_sizes[7][2] = {{0, 0}, {1280, 720}, {1920, 1080}, {2560, 1440},
                                      {2048, 1536}, {3840, 2160}, {4096, 3072}};
static const uint64_t periods[4] = {200000, 66667, 33333, 40000};
static const char *serials[DEVICES] = {"000000000001", "000000000002", "CL8F25300C6", "000000000004"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static device_t devices[DEVICES];
static int alive, misuses, padding;

static void answer(const device_t *device)
{
    pthread_mutex_lock(&lock);
    while (device->stalled)
        pthread_cond_wait(&news, &lock);
    pthread_mutex_unlock(&lock);
}
/* How color, depth and ir images differ from their mode: pixels more in width, another format (-1: none). */
static struct spoilt { int wider, format; } spoilt[3] = {{0, -1}, {0, -1}, {0, -1}};
static char *calibration;
static uint8_t *jpeg;
static size_t jpeg_size;

/* What a test does with the stand-in. */

EXPORT void standin_plug(int index, bool plugged)
{
    pthread_mutex_lock(&lock);
    devices[index].plugged = plugged;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}
EXPORT void standin_stall(int index, bool stalled)
{
    pthread_mutex_lock(&lock);
    devices[index].stalled = stalled;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}
EXPORT void standin_rename(int index, const char *serial) { serials[index] = serial; }
EXPORT void standin_occupy(int index, bool open) { devices[index].open = open; }
EXPORT void standin_push(int index, uint32_t frames, uint32_t samples)
{
    pthread_mutex_lock(&lock);
    devices[index].granted += frames;
    devices[index].samples_granted += samples;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}
EXPORT void standin_skip(int index, uint32_t frames)
{
    pthread_mutex_lock(&lock);
    devices[index].frame += frames;
    pthread_mutex_unlock(&lock);
}
EXPORT uint32_t standin_waiting(int index)
{
    pthread_mutex_lock(&lock);
    uint32_t waiting = devices[index].granted + devices[index].samples_granted;
    pthread_mutex_unlock(&lock);
    return waiting;
}
EXPORT void standin_pad_rows(bool pad) { padding = pad ? PADDING : 0; }
EXPORT void standin_spoil(int which, int wider, int format) { spoilt[which] = (struct spoilt){wider, format}; }
EXPORT void standin_calibrate(const char *json) { free(calibration); calibration = json ? strdup(json) : NULL; }
EXPORT void standin_color(const uint8_t *data, size_t size)
{
    jpeg = realloc(jpeg, size);
    memcpy(jpeg, data, size);
    jpeg_size = size;
}
EXPORT configuration_t standin_configuration(int index) { return devices[index].configuration; }
EXPORT bool standin_running(int index) { return devices[index].started || devices[index].imu_started; }
EXPORT int standin_alive(void) { return alive; }
EXPORT int standin_misuses(void) { return misuses; }

/* Images and captures. */

static bool usable(const _Atomic int *references)
{
    if (references != NULL && *references > 0)
        return true;
    misuses++;
    return false;
}

EXPORT int k4a_image_create(int format, int width, int height, int stride, image_t **handle)
{
    image_t *image = calloc(1, sizeof(*image));
    *image = (image_t){1, format, width, height, stride, (size_t)stride * height, NULL, 0};
    if (format == NV12)
        image->size = image->size * 3 / 2;
    if (format == MJPG)
        image->size = (size_t)width * height;
    image->buffer = calloc(1, image->size);
    *handle = image;
    __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST);
    return SUCCEEDED;
}
EXPORT void k4a_image_reference(image_t *image)
{
    if (usable(&image->references))
        image->references++;
}
EXPORT void k4a_image_release(image_t *image)
{
    if (!usable(image ? &image->references : NULL) || --image->references > 0)
        return;
    free(image->buffer);
    image->buffer = NULL;
    __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST);
}
EXPORT uint8_t *k4a_image_get_buffer(image_t *image) { return usable(&image->references) ? image->buffer : NULL; }
EXPORT size_t k4a_image_get_size(image_t *image) { return usable(&image->references) ? image->size : 0; }
EXPORT int k4a_image_get_format(image_t *image) { return usable(&image->references) ? image->format : 0; }
EXPORT int k4a_image_get_width_pixels(image_t *image) { return usable(&image->references) ? image->width : 0; }
EXPORT int k4a_image_get_height_pixels(image_t *image) { return usable(&image->references) ? image->height : 0; }
EXPORT int k4a_image_get_stride_bytes(image_t *image) { return usable(&image->references) ? image->stride : 0; }
EXPORT uint64_t k4a_image_get_device_timestamp_usec(image_t *image)
{
    return usable(&image->references) ? image->usec : 0;
}
EXPORT void k4a_image_set_device_timestamp_usec(image_t *image, uint64_t usec)
{
    if (usable(&image->references))
        image->usec = usec;
}

EXPORT int k4a_capture_create(capture_t **handle)
{
    *handle = calloc(1, sizeof(**handle));
    (*handle)->references = 1;
    __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST);
    return SUCCEEDED;
}
EXPORT void k4a_capture_reference(capture_t *capture)
{
    if (usable(&capture->references))
        capture->references++;
}
EXPORT void k4a_capture_release(capture_t *capture)
{
    if (!usable(capture ? &capture->references : NULL) || --capture->references > 0)
        return;
    for (int i = 0; i < 3; i++)
        if (capture->images[i])
            k4a_image_release(capture->images[i]);
    __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST);
}
static image_t *image_of(capture_t *capture, int which)
{
    if (!usable(&capture->references) || !capture->images[which])
        return NULL;
    k4a_image_reference(capture->images[which]);
    return capture->images[which];
}
static void put(capture_t *capture, int which, image_t *image)
{
    if (!usable(&capture->references))
        return;
    if (capture->images[which])
        k4a_image_release(capture->images[which]);
    if (image)
        k4a_image_reference(image);
    capture->images[which] = image;
}
EXPORT image_t *k4a_capture_get_color_image(capture_t *capture) { return image_of(capture, 0); }
EXPORT image_t *k4a_capture_get_depth_image(capture_t *capture) { return image_of(capture, 1); }
EXPORT image_t *k4a_capture_get_ir_image(capture_t *capture) { return image_of(capture, 2); }
EXPORT void k4a_capture_set_color_image(capture_t *capture, image_t *image) { put(capture, 0, image); }
EXPORT void k4a_capture_set_depth_image(capture_t *capture, image_t *image) { put(capture, 1, image); }
EXPORT void k4a_capture_set_ir_image(capture_t *capture, image_t *image) { put(capture, 2, image); }

static void add(capture_t *capture, int which, image_t *image, uint64_t usec)
{
    image->usec = usec;
    if (spoilt[which].format >= 0)
        image->format = spoilt[which].format;
    put(capture, which, image);
    k4a_image_release(image);
}

static void add_depth(capture_t *capture, int which, int format, const int *size, uint32_t frame, uint64_t usec)
{
    image_t *image;
    int width = size[0] + spoilt[which].wider;
    k4a_image_create(format, width, size[1], 2 * width + padding, &image);
    for (int y = 0; y < size[1]; y++) {
        uint16_t *row = (uint16_t *)(image->buffer + (size_t)y * image->stride);
        memset(row, 0xEE, image->stride);
        for (int x = 0; x < width; x++)
            row[x] = (uint16_t)(which == 1 ? frame : 2 * frame);
    }
    add(capture, which, image, usec);
}

static void add_color(capture_t *capture, int format, const int *size, uint32_t frame, uint64_t usec)
{
    image_t *image;
    int bytes = format == BGRA ? 4 : format == YUY2 ? 2 : 1;
    int width = size[0] + spoilt[0].wider;
    k4a_image_create(format, width, size[1], format == MJPG ? 0 : bytes * width + padding, &image);
    memset(image->buffer, (int)frame, image->size);
    if (format == MJPG) {
        memcpy(image->buffer, jpeg, jpeg_size);
        memcpy(image->buffer + jpeg_size, &frame, sizeof(frame));
        image->size = jpeg_size + sizeof(frame);
    }
    add(capture, 0, image, usec);
}

/* Devices. */

EXPORT uint32_t k4a_device_get_installed_count(void)
{
    uint32_t count = 0;
    for (int i = 0; i < DEVICES; i++)
        count += devices[i].plugged;
    return count;
}
EXPORT int k4a_device_open(uint32_t index, device_t **handle)
{
    for (int i = 0; i < DEVICES; i++) {
        device_t *device = &devices[i];
        if (!device->plugged || index-- != 0)
            continue;
        if (device->open && !SHARED)
            return FAILED;
        if (device->open++ == 0)
            device->frame = device->granted = device->samples = device->samples_granted = 0;
        __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST);
        *handle = device;
        return SUCCEEDED;
    }
    return FAILED;
}
EXPORT void k4a_device_close(device_t *device)
{
    if (!device->open)
        misuses++;
    else if (--device->open == 0) {
        misuses += device->started || device->imu_started;
        device->started = device->imu_started = false;
    }
    __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST);
}
static int give(const char *text, char *buffer, size_t *size)
{
    size_t needed = text ? strlen(text) + 1 : 0;
    bool fits = buffer != NULL && *size >= needed;
    *size = needed;
    if (!needed)
        return FAILED;
    if (fits)
        memcpy(buffer, text, needed);
    return fits ? SUCCEEDED : TIMEOUT_OR_TOO_SMALL;
}
EXPORT int k4a_device_get_serialnum(device_t *device, char *buffer, size_t *size)
{
    return give(serials[device - devices], buffer, size);
}
EXPORT int k4a_device_get_raw_calibration(device_t *device, uint8_t *buffer, size_t *size)
{
    return device->plugged ? give(calibration, (char *)buffer, size) : FAILED;
}
#ifndef WITHOUT_VERSION
EXPORT int k4a_device_get_version(device_t *device, uint32_t *version)
{
    const uint32_t versions[14] = {1, 6, 110, 1, 6, 79, 1, 6, 14, 6109, 7, 0, 0, 0};
    memcpy(version, versions, sizeof(versions));
    return device->plugged ? SUCCEEDED : FAILED;
}
#endif
EXPORT int k4a_device_start_cameras(device_t *device, const configuration_t *configuration)
{
    if (!device->plugged || device->started || configuration->camera_fps > FASTEST)
        return FAILED;
    device->configuration = *configuration;
    device->started = true;
    return SUCCEEDED;
}
EXPORT void k4a_device_stop_cameras(device_t *device)
{
    answer(device);
    device->started = false;
}
EXPORT int k4a_device_start_imu(device_t *device)
{
    device->imu_started = device->started && device->plugged;
    return device->imu_started ? SUCCEEDED : FAILED;
}
EXPORT void k4a_device_stop_imu(device_t *device) { device->imu_started = false; }

static int wait_for(device_t *device, uint32_t *granted, int32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (device->plugged && (*granted == 0 || device->stalled))
        if (pthread_cond_timedwait(&news, &lock, &until) != 0)
            break;
    return !device->plugged ? FAILED : *granted && !device->stalled ? SUCCEEDED : TIMEOUT_OR_TOO_SMALL;
}

static uint64_t now_usec(const device_t *device)
{
    return 1000000 + device->frame * periods[device->configuration.camera_fps];
}

EXPORT int k4a_device_get_capture(device_t *device, capture_t **handle, int32_t timeout_ms)
{
    pthread_mutex_lock(&lock);
    int result = device->started ? wait_for(device, &device->granted, timeout_ms) : FAILED;
    if (result == SUCCEEDED) {
        const configuration_t *c = &device->configuration;
        device->granted--;
        device->frame++;
        uint64_t usec = now_usec(device);
        k4a_capture_create(handle);
        if (c->depth_mode) {
            const int *size = depth_sizes[c->depth_mode];
            if (c->depth_mode != 5)
                add_depth(*handle, 1, DEPTH16, size, device->frame, usec);
            add_depth(*handle, 2, IR16, size, device->frame, usec);
        }
        if (c->color_resolution)
            add_color(*handle, c->color_format, color_sizes[c->color_resolution], device->frame,
                      usec - c->depth_delay_off_color_usec);
    }
    pthread_mutex_unlock(&lock);
    return result;
}
EXPORT int k4a_device_get_imu_sample(device_t *device, imu_sample_t *sample, int32_t timeout_ms)
{
    pthread_mutex_lock(&lock);
    int result = device->imu_started ? wait_for(device, &device->samples_granted, timeout_ms) : FAILED;
    if (result == SUCCEEDED) {
        device->samples_granted--;
        float number = (float)++device->samples;
        uint64_t usec = 1000000 + 600 * (uint64_t)device->samples;
        *sample = (imu_sample_t){31.5f, {-2.5f, 0.25f, -9.5f}, usec, {0.5f, -0.25f, number}, usec + 1};
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static const control_t *control_of(int command)
{
    bool known = command >= 0 && command < CONTROLS && controls[command].step;
    return known ? &controls[command] : NULL;
}
EXPORT int k4a_device_get_color_control_capabilities(device_t *device, int command, bool *automatic, int32_t *lowest,
                                                     int32_t *highest, int32_t *step, int32_t *value, int *mode)
{
    const control_t *control = control_of(command);
    if (!control || !device->plugged)
        return FAILED;
    *automatic = control->automatic;
    *lowest = control->lowest;
    *highest = control->highest;
    *step = control->step;
    *value = control->value;
    *mode = control->mode;
    return SUCCEEDED;
}
EXPORT int k4a_device_get_color_control(device_t *device, int command, int *mode, int32_t *value)
{
    const control_t *control = control_of(command);
    if (!control || !device->plugged)
        return FAILED;
    *mode = device->modes[command];
    *value = device->values[command];
    return SUCCEEDED;
}
EXPORT int k4a_device_set_color_control(device_t *device, int command, int mode, int32_t value)
{
    const control_t *control = control_of(command);
    bool refused = !control || !device->plugged || (mode == 0 && !control->automatic) ||
                   (mode == 1 && (value < control->lowest || value > control->highest));
    if (refused)
        return FAILED;
    device->modes[command] = mode;
    device->values[command] = value;
    return SUCCEEDED;
}
EXPORT int k4a_calibration_get_from_raw(const char *raw, size_t size, int depth_mode, int color, void *calibration_out)
{
    (void)depth_mode, (void)color, (void)calibration_out;
    return size && raw[size - 1] == '\0' ? SUCCEEDED : FAILED;
}
#ifdef ORBBEC
EXPORT int k4a_device_get_pid(device_t *device) { (void)device; return 0x066B; }
#endif
