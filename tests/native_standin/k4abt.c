/* A stand-in for libk4abt: the same ABI over scripted skeletons, for tests without the real library.

   What it gives for a capture depends on the images alone, so that a result proves which capture it is of:
   depth pixel 0 is the capture's number n, pixel 1 the number of bodies; infrared pixel 0 must be n + 1. Body b
   has id b + 1, its joint j stands at (n, 10 j, 1000 + b) mm. The index map has a vertical stripe for each body
   and one of background, in rows that are longer than its width.

   standin_set writes a setting, standin_get reads it or a count. Handles are never reused, so that a leak, a
   second release and a use after release are all counted. */

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
enum { SUCCEEDED, FAILED, TIMEOUT };
enum { JOINTS = 32, QUEUE = 64, BACKGROUND = 255, CUSTOM8 = 6, PADDING = 24 };

typedef void *handle_t;
extern void k4a_capture_reference(handle_t), k4a_capture_release(handle_t), k4a_image_release(handle_t);
extern void k4a_image_reference(handle_t);
extern handle_t k4a_capture_get_depth_image(handle_t), k4a_capture_get_ir_image(handle_t);
extern uint8_t *k4a_image_get_buffer(handle_t);
extern int k4a_image_get_width_pixels(handle_t), k4a_image_get_height_pixels(handle_t);
extern int k4a_image_get_stride_bytes(handle_t), k4a_image_create(int, int, int, int, handle_t *);
extern uint64_t k4a_image_get_device_timestamp_usec(handle_t);

typedef struct {
    int sensor_orientation, processing_mode;
    int32_t gpu_device_id;
    const char *model_path;
} configuration_t;

typedef struct {
    float position[3], orientation[4];
    int confidence;
} joint_t;

typedef struct {
    int references;
    uint64_t usec;
    uint32_t number, bodies;
    handle_t index_map;
} frame_t;

typedef struct {
    pthread_t thread;
    handle_t input[QUEUE];
    frame_t *output[QUEUE];
    int inputs, outputs, calls;
    bool busy, shut, destroyed;
} tracker_t;

typedef struct {
    const char *name;
    int value;
} setting_t;

/* Frames are named by the number of their capture; -1 = none. */
static setting_t settings[] = {
    {"create_fails", 0}, {"queue", 3},        {"delay_usec", 0},   {"jitter_usec", 0},    {"seed", 1},
    {"full", 0},         {"hang_at", -1},     {"die_at", -1},      {"skip_at", -1},       {"nan_at", -1},
    {"inf_at", -1},      {"no_turn_at", -1},  {"no_id_at", -1},    {"no_skeleton_at", -1}, {"no_map", 0},
    {"orientation", -1}, {"processing_mode", -1}, {"gpu", -1},     {"smoothing_percent", -1},
    {"depth_mode", -1},  {"trackers", 0},     {"frames", 0},       {"captures", 0},       {"enqueued", 0},
    {"popped", 0},       {"refused", 0},      {"misuses", 0},      {"most_inside", 0},    {NULL, 0},
};
static char model[4096];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;

static int *setting(const char *name)
{
    setting_t *s = settings;
    while (s->name && strcmp(s->name, name))
        s++;
    if (!s->name)
        abort();
    return &s->value;
}
EXPORT void standin_set(const char *name, int value)
{
    pthread_mutex_lock(&lock);
    *setting(name) = value;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}
EXPORT int standin_get(const char *name)
{
    pthread_mutex_lock(&lock);
    int value = *setting(name);
    pthread_mutex_unlock(&lock);
    return value;
}
static void count(const char *name, int step)
{
    pthread_mutex_lock(&lock);
    *setting(name) += step;
    pthread_mutex_unlock(&lock);
}
EXPORT const char *standin_model(void) { return model; }

/* One result. */

static handle_t make_index_map(handle_t depth, uint32_t bodies)
{
    int width = k4a_image_get_width_pixels(depth), height = k4a_image_get_height_pixels(depth);
    int stride = width + PADDING;
    handle_t image;
    k4a_image_create(CUSTOM8, width, height, stride, &image);
    uint8_t *pixels = k4a_image_get_buffer(image);
    memset(pixels, 0xEE, (size_t)stride * height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t stripe = x * (bodies + 1) / width;
            pixels[(size_t)y * stride + x] = stripe < bodies ? stripe : BACKGROUND;
        }
    return image;
}

static frame_t *make_frame(handle_t capture)
{
    handle_t depth = k4a_capture_get_depth_image(capture), ir = k4a_capture_get_ir_image(capture);
    const uint16_t *pixels = (const uint16_t *)k4a_image_get_buffer(depth);
    frame_t *frame = calloc(1, sizeof(*frame));
    *frame = (frame_t){1, k4a_image_get_device_timestamp_usec(depth), pixels[0], pixels[1], NULL};
    if (*(const uint16_t *)k4a_image_get_buffer(ir) != pixels[0] + 1)
        ++*setting("misuses");
    if (!*setting("no_map"))
        frame->index_map = make_index_map(depth, frame->bodies);
    ++*setting("frames");
    k4a_image_release(depth);
    k4a_image_release(ir);
    return frame;
}

static void sleep_usec(int usec)
{
    struct timespec span = {usec / 1000000, (long)(usec % 1000000) * 1000};
    nanosleep(&span, NULL);
}

static void *work(void *argument)
{
    tracker_t *t = argument;
    pthread_mutex_lock(&lock);
    unsigned seed = *setting("seed");
    while (true) {
        while (!t->destroyed && (t->inputs == 0 || t->outputs >= *setting("queue") || *setting("hang_at") == 0))
            pthread_cond_wait(&news, &lock);
        if (t->destroyed)
            break;
        handle_t capture = t->input[0];
        memmove(t->input, t->input + 1, --t->inputs * sizeof(*t->input));
        t->busy = true;
        int jitter = *setting("jitter_usec");
        int delay = *setting("delay_usec") + (jitter ? rand_r(&seed) % jitter : 0);
        pthread_mutex_unlock(&lock);
        sleep_usec(delay);
        pthread_mutex_lock(&lock);
        frame_t *frame = make_frame(capture);
        k4a_capture_release(capture);
        --*setting("captures");
        t->busy = false;
        int number = (int)frame->number;
        if (number == *setting("hang_at"))
            *setting("hang_at") = 0;
        if (number == *setting("skip_at") || *setting("hang_at") == 0) {
            if (frame->index_map)
                k4a_image_release(frame->index_map);
            --*setting("frames");
        } else
            t->output[t->outputs++] = frame;
        if (number == *setting("die_at"))
            *setting("die_at") = 0;
        pthread_cond_broadcast(&news);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Trackers. */

static bool enter(tracker_t *t)
{
    if (t->destroyed)
        ++*setting("misuses");
    t->calls++;
    return !t->destroyed && *setting("die_at") != 0;
}
static int leave(tracker_t *t, int result)
{
    t->calls--;
    pthread_mutex_unlock(&lock);
    return result;
}
static struct timespec after(int32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

EXPORT int k4abt_tracker_create(const uint8_t *calibration, configuration_t configuration, tracker_t **handle)
{
    pthread_mutex_lock(&lock);
    *setting("orientation") = configuration.sensor_orientation;
    *setting("processing_mode") = configuration.processing_mode;
    *setting("gpu") = configuration.gpu_device_id;
    *setting("depth_mode") = *(const int *)(calibration + 1024);
    strncpy(model, configuration.model_path ? configuration.model_path : "", sizeof(model) - 1);
    bool fails = *setting("create_fails");
    if (!fails) {
        *handle = calloc(1, sizeof(**handle));
        ++*setting("trackers");
        pthread_create(&(*handle)->thread, NULL, work, *handle);
    }
    pthread_mutex_unlock(&lock);
    return fails ? FAILED : SUCCEEDED;
}
EXPORT void k4abt_tracker_set_temporal_smoothing(tracker_t *t, float factor)
{
    pthread_mutex_lock(&lock);
    enter(t);
    *setting("smoothing_percent") = (int)lroundf(100 * factor);
    leave(t, SUCCEEDED);
}
EXPORT void k4abt_tracker_shutdown(tracker_t *t)
{
    pthread_mutex_lock(&lock);
    enter(t);
    t->shut = true;
    pthread_cond_broadcast(&news);
    leave(t, SUCCEEDED);
}
EXPORT void k4abt_frame_release(frame_t *frame);
EXPORT void k4abt_tracker_destroy(tracker_t *t)
{
    pthread_mutex_lock(&lock);
    if (t->destroyed || t->calls)
        ++*setting("misuses");
    t->destroyed = true;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    pthread_join(t->thread, NULL);
    while (t->inputs) {
        k4a_capture_release(t->input[--t->inputs]);
        --*setting("captures");
    }
    while (t->outputs)
        k4abt_frame_release(t->output[--t->outputs]);
    count("trackers", -1);
}
EXPORT int k4abt_tracker_enqueue_capture(tracker_t *t, handle_t capture, int32_t timeout_ms)
{
    struct timespec until = after(timeout_ms);
    pthread_mutex_lock(&lock);
    if (!enter(t) || t->shut)
        return leave(t, FAILED);
    handle_t depth = k4a_capture_get_depth_image(capture), ir = k4a_capture_get_ir_image(capture);
    if (depth)
        k4a_image_release(depth);
    if (ir)
        k4a_image_release(ir);
    if (!depth || !ir) {
        ++*setting("refused");
        return leave(t, FAILED);
    }
    while (*setting("full") || t->inputs >= *setting("queue"))
        if (t->shut || pthread_cond_timedwait(&news, &lock, &until) != 0)
            return leave(t, t->shut ? FAILED : TIMEOUT);
    k4a_capture_reference(capture);
    ++*setting("captures");
    ++*setting("enqueued");
    t->input[t->inputs++] = capture;
    int inside = t->inputs + t->outputs + t->busy;
    if (inside > *setting("most_inside"))
        *setting("most_inside") = inside;
    pthread_cond_broadcast(&news);
    return leave(t, SUCCEEDED);
}
EXPORT int k4abt_tracker_pop_result(tracker_t *t, frame_t **handle, int32_t timeout_ms)
{
    struct timespec until = after(timeout_ms);
    pthread_mutex_lock(&lock);
    if (!enter(t))
        return leave(t, FAILED);
    while (t->outputs == 0) {
        if (t->shut && t->inputs == 0 && !t->busy)
            return leave(t, FAILED);
        if (pthread_cond_timedwait(&news, &lock, &until) != 0)
            return leave(t, *setting("die_at") == 0 ? FAILED : TIMEOUT);
    }
    *handle = t->output[0];
    memmove(t->output, t->output + 1, --t->outputs * sizeof(*t->output));
    ++*setting("popped");
    pthread_cond_broadcast(&news);
    return leave(t, SUCCEEDED);
}

/* Frames. */

static bool usable(const frame_t *frame)
{
    if (frame && frame->references > 0)
        return true;
    count("misuses", 1);
    return false;
}
EXPORT void k4abt_frame_reference(frame_t *frame)
{
    if (usable(frame))
        frame->references++;
}
EXPORT void k4abt_frame_release(frame_t *frame)
{
    if (!usable(frame) || --frame->references > 0)
        return;
    if (frame->index_map)
        k4a_image_release(frame->index_map);
    count("frames", -1);
}
EXPORT uint32_t k4abt_frame_get_num_bodies(frame_t *frame) { return usable(frame) ? frame->bodies : 0; }
EXPORT uint64_t k4abt_frame_get_device_timestamp_usec(frame_t *frame) { return usable(frame) ? frame->usec : 0; }
EXPORT uint32_t k4abt_frame_get_body_id(frame_t *frame, uint32_t body)
{
    return usable(frame) && !(body == 0 && (int)frame->number == standin_get("no_id_at")) ? body + 1 : 0xFFFFFFFF;
}
EXPORT handle_t k4abt_frame_get_body_index_map(frame_t *frame)
{
    if (!usable(frame) || !frame->index_map)
        return NULL;
    k4a_image_reference(frame->index_map);
    return frame->index_map;
}
EXPORT int k4abt_frame_get_body_skeleton(frame_t *frame, uint32_t body, joint_t *joints)
{
    if (!usable(frame) || body >= frame->bodies)
        return FAILED;
    int number = body == 0 ? (int)frame->number : -2;
    if (number == standin_get("no_skeleton_at"))
        return FAILED;
    for (int j = 0; j < JOINTS; j++) {
        float half = 0.1f * j;
        joints[j] = (joint_t){
            {(float)frame->number, 10.0f * j, 1000.0f + body}, {cosf(half), 0, sinf(half), 0}, j % 3};
    }
    if (number == standin_get("nan_at"))
        joints[7].position[2] = NAN;
    if (number == standin_get("inf_at"))
        joints[9].orientation[1] = INFINITY;
    if (number == standin_get("no_turn_at"))
        memset(joints[3].orientation, 0, sizeof(joints[3].orientation));
    return SUCCEEDED;
}
