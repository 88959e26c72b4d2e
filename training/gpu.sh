#!/bin/sh
# Everything in about 15 minutes on one GPU and 16 cores: 14 processes make samples, one learns.
#     sh training/gpu.sh OUT [BODIES]
# OUT gets checkpoint, weights, proportions and measures; the bodies are drawn first unless a bank of them is given.
set -eu
out=$1
bodies=${2:-$out/bodies.npz}
steps=${STEPS:-40000}
makers=${MAKERS:-14}
export PYTHONPATH="$PWD:$PWD/src" OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1
mkdir -p "$out/chunks"
[ -f "$bodies" ] || python -m training.bodies "$bodies"
rm -f "$out/chunks/stop"
which=0
while [ "$which" -lt "$makers" ]; do
  python -m training.stream "$bodies" "$out/chunks" --share "$which" "$makers" &
  which=$((which + 1))
done
python -m training.train "$out/chunks" "$out" --steps "$steps" --device cuda --threads 2
touch "$out/chunks/stop"
wait
python -m training.export "$out/checkpoint.pt" "$bodies" "$out/joints.onnx"
python -m training.proportions "$bodies" "$out/proportions.npz"
python -m training.evaluate "$out/joints.onnx" --bodies "$bodies" > "$out/measures.json"
