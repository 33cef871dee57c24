export MALLOC_ARENA_MAX=2
exec /work/main/node_modules/node/bin/node $(cat /tmp/prof/extra 2>/dev/null) --max-semi-space-size=2 --disable-warning=ExperimentalWarning /work/main/test/bench/meanwhile.ts "$@"
