/*
 * A driver library without a GPU: device memory is host memory, and every call is written to a log. Work of a stream runs as late as the calls allow,
 * when something waits for it, so that a program that does not wait reads or overwrites bytes too early. Built with -DDEVICES, -DDRIVER and
 * -DCAPABILITY for machines that cannot be used. With -include cuda.h of NVIDIA's toolkit, the compiler compares the signatures.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DEVICES
#define DEVICES 2
#endif
#ifndef DRIVER
#define DRIVER 12040
#endif
#ifndef CAPABILITY
#define CAPABILITY 90
#endif

#define MEMORY_BYTES (1ull << 30)

#ifndef __cuda_cuda_h__
typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute;
typedef int CUfunction_attribute;
typedef int CUjit_option;
typedef int CUstreamCaptureMode;
typedef int CUstreamCaptureStatus;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
#define CU_LAUNCH_PARAM_END ((void *)0)
#define CU_LAUNCH_PARAM_BUFFER_POINTER ((void *)1)
#define CU_LAUNCH_PARAM_BUFFER_SIZE ((void *)2)
#endif

typedef struct op {
    enum { COPY, SET, RECORD, WAIT, FILL } kind;
    unsigned char *target;
    const unsigned char *source;
    size_t bytes;
    CUevent event;
    long ticket;
    unsigned char arguments[64];
    struct op *next;
} op;

struct CUctx_st { int retained; };
struct CUstream_st { op *first, *last; int capturing; };
struct CUevent_st { CUstream stream; long recorded, done; };
struct CUmod_st { char *text; };
struct CUfunc_st { char name[64]; int shared; };
struct CUgraph_st { op *first; };
struct CUgraphExec_st { op *first; };

typedef struct block { unsigned char *start; size_t bytes; struct block *next; } block;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static char record[1 << 20];
static size_t record_length;
static char fail_function[64];
static CUresult fail_result, sticky;
static block *blocks;
static size_t used;
static struct CUctx_st contexts[16];
static __thread CUcontext current;
static int initialized;

/* For the test: the calls so far, and a result for the next call of a function. */
const char *fake_log(void) { return record; }
void fake_fail(const char *function, CUresult result) {
    snprintf(fail_function, sizeof fail_function, "%s", function);
    fail_result = result;
}
int fake_contexts(void) {
    int count = 0;
    for (int i = 0; i < 16; i++) count += contexts[i].retained;
    return count;
}
size_t fake_used(void) { return used; }

static void say(const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (record_length + 512 < sizeof record) record_length += (size_t)vsnprintf(record + record_length, 512, format, list);
    va_end(list);
    if (record_length + 2 < sizeof record) record[record_length++] = '\n';
}

/* What a call returns before it does anything: an injected error, an earlier sticky one, or that the thread has no context. */
static CUresult refusal(const char *function, int needs_context) {
    if (strcmp(function, fail_function) == 0) {
        fail_function[0] = 0;
        if (fail_result >= 700 && fail_result < 720) sticky = fail_result;
        return fail_result;
    }
    if (!initialized) return 3;
    if (needs_context && (!current || !current->retained)) return 201;
    return needs_context ? sticky : 0;
}

#define BEGIN(needs_context, ...)                                \
    pthread_mutex_lock(&gate);                                   \
    say(__VA_ARGS__);                                            \
    CUresult result = refusal(__func__, needs_context);          \
    if (result) return pthread_mutex_unlock(&gate), result;

/* The value may be the work itself, so it comes before the lock is released. */
#define END(value)                       \
    do {                                 \
        CUresult ended = (value);        \
        pthread_mutex_unlock(&gate);     \
        return ended;                    \
    } while (0)

static int inside(const void *start, size_t bytes) {
    for (block *b = blocks; b; b = b->next)
        if ((unsigned char *)start >= b->start && (unsigned char *)start + bytes <= b->start + b->bytes) return 1;
    return 0;
}

static void run_to(CUstream stream, CUevent event, long ticket);

static void run(op *o) {
    if (o->kind == COPY) memmove(o->target, o->source, o->bytes);
    if (o->kind == SET) memset(o->target, o->arguments[0], o->bytes);
    if (o->kind == RECORD && o->event->done < o->ticket) o->event->done = o->ticket;
    if (o->kind == WAIT) run_to(o->event->stream, o->event, o->ticket);
    if (o->kind == FILL) {
        /* fill(u64 address, s32 count, f32 value) */
        uint64_t address; int32_t count;
        memcpy(&address, o->arguments, 8);
        memcpy(&count, o->arguments + 8, 4);
        for (int i = 0; i < count; i++) memcpy((float *)address + i, o->arguments + 12, 4);
    }
}

/* Runs the work of a stream, as far as an event if one is given. */
static void run_to(CUstream stream, CUevent event, long ticket) {
    while (stream && stream->first && !(event && event->done >= ticket)) {
        op *o = stream->first;
        stream->first = o->next;
        if (!stream->first) stream->last = NULL;
        run(o);
        free(o);
    }
}

static void append(op **first, op **last, op *o) {
    o->next = NULL;
    if (*last) (*last)->next = o; else *first = o;
    *last = o;
}

static CUresult submit(CUstream stream, op what) {
    op *o = malloc(sizeof *o);
    *o = what;
    append(&stream->first, &stream->last, o);
    return 0;
}

CUresult cuInit(unsigned int flags) {
    pthread_mutex_lock(&gate);
    say("cuInit(%u)", flags);
    initialized = 1;
    CUresult result = refusal(__func__, 0);
    END(result ? result : DEVICES ? 0 : 100);
}
CUresult cuDriverGetVersion(int *version) { *version = DRIVER; return 0; }
CUresult cuGetErrorName(CUresult error, const char **text) {
    *text = error == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : error == 218 ? "CUDA_ERROR_INVALID_PTX" : error == 500 ? "CUDA_ERROR_NOT_FOUND"
        : error == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : error == 201 ? "CUDA_ERROR_INVALID_CONTEXT" : NULL;
    return *text ? 0 : 1;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
    *text = error == 2 ? "out of memory" : error == 218 ? "a PTX JIT compilation failed" : error == 500 ? "named symbol not found"
        : error == 700 ? "an illegal memory access was encountered" : error == 201 ? "invalid device context" : NULL;
    return *text ? 0 : 1;
}
CUresult cuDeviceGetCount(int *count) { BEGIN(0, "cuDeviceGetCount") *count = DEVICES; END(0); }
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    BEGIN(0, "cuDeviceGet(%d)", ordinal)
    /* Handles are opaque: not the ordinals here. */
    *device = ordinal + 5;
    END(ordinal < DEVICES ? 0 : 101);
}
CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    BEGIN(0, "cuDeviceGetName(%d)", device)
    snprintf(name, (size_t)length, "Fake GPU %d", device - 5);
    END(0);
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) { BEGIN(0, "cuDeviceTotalMem_v2(%d)", device) *bytes = MEMORY_BYTES; END(0); }
CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    BEGIN(0, "cuDeviceGetAttribute(%d, %d)", attribute, device)
    *value = attribute == 16 ? 132 : attribute == 75 ? CAPABILITY / 10 : attribute == 76 ? CAPABILITY % 10 : attribute == 97 ? 232448 : -1;
    END(0);
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    BEGIN(0, "cuDevicePrimaryCtxRetain(%d)", device)
    *context = &contexts[device];
    contexts[device].retained++;
    END(0);
}
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    BEGIN(0, "cuDevicePrimaryCtxRelease_v2(%d)", device)
    contexts[device].retained--;
    END(0);
}
CUresult cuCtxSetCurrent(CUcontext context) { BEGIN(0, "cuCtxSetCurrent") current = context; END(0); }

CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
    BEGIN(1, "cuMemGetInfo_v2")
    *available = MEMORY_BYTES - used;
    *total = MEMORY_BYTES;
    END(0);
}
CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
    BEGIN(1, "cuMemAlloc_v2(%zu)", bytes)
    if (bytes == 0 || used + bytes > MEMORY_BYTES) END(bytes == 0 ? 1 : 2);
    block *b = malloc(sizeof *b);
    *b = (block){ aligned_alloc(256, (bytes + 255) / 256 * 256), bytes, blocks };
    memset(b->start, 0xcd, bytes);
    blocks = b;
    used += bytes;
    *address = (CUdeviceptr)b->start;
    END(0);
}
CUresult cuMemFree_v2(CUdeviceptr address) {
    BEGIN(1, "cuMemFree_v2")
    for (block **b = &blocks; *b; b = &(*b)->next)
        if ((CUdeviceptr)(*b)->start == address) {
            block *gone = *b;
            used -= gone->bytes;
            *b = gone->next;
            /* Its bytes become others at once: the call may come before the work that uses them. */
            memset(gone->start, 0xdd, gone->bytes);
            free(gone);
            END(0);
        }
    END(1);
}
CUresult cuMemAllocHost_v2(void **memory, size_t bytes) {
    BEGIN(1, "cuMemAllocHost_v2(%zu)", bytes)
    if (bytes > MEMORY_BYTES) END(2);
    *memory = malloc(bytes);
    END(0);
}
CUresult cuMemFreeHost(void *memory) { BEGIN(1, "cuMemFreeHost") free(memory); END(0); }
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void *source, size_t bytes, CUstream stream) {
    BEGIN(1, "cuMemcpyHtoDAsync_v2(%zu)", bytes)
    if (!inside((void *)target, bytes)) END(sticky = 700);
    END(submit(stream, (op){ .kind = COPY, .target = (void *)target, .source = source, .bytes = bytes }));
}
CUresult cuMemcpyDtoHAsync_v2(void *target, CUdeviceptr source, size_t bytes, CUstream stream) {
    BEGIN(1, "cuMemcpyDtoHAsync_v2(%zu)", bytes)
    if (!inside((void *)source, bytes)) END(sticky = 700);
    END(submit(stream, (op){ .kind = COPY, .target = target, .source = (void *)source, .bytes = bytes }));
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, size_t bytes, CUstream stream) {
    BEGIN(1, "cuMemcpyDtoDAsync_v2(%zu)", bytes)
    if (!inside((void *)target, bytes) || !inside((void *)source, bytes)) END(sticky = 700);
    END(submit(stream, (op){ .kind = COPY, .target = (void *)target, .source = (void *)source, .bytes = bytes }));
}
CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t bytes, CUstream stream) {
    BEGIN(1, "cuMemsetD8Async(%u, %zu)", value, bytes)
    if (!inside((void *)target, bytes)) END(sticky = 700);
    END(submit(stream, (op){ .kind = SET, .target = (void *)target, .bytes = bytes, .arguments = { value } }));
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    BEGIN(1, "cuStreamCreate(%u)", flags)
    *stream = calloc(1, sizeof **stream);
    END(0);
}
/* Work goes on after its stream or event is destroyed, so both stay. */
CUresult cuStreamDestroy_v2(CUstream stream) { BEGIN(1, "cuStreamDestroy_v2") END(stream ? 0 : 1); }
CUresult cuStreamSynchronize(CUstream stream) {
    BEGIN(1, "cuStreamSynchronize")
    /* Waiting for a stream that is being recorded loses the recording. */
    if (stream->capturing) stream->capturing = 2;
    if (stream->capturing) END(900);
    run_to(stream, NULL, 0);
    END(0);
}
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags) {
    BEGIN(1, "cuStreamWaitEvent(%u)", flags)
    END(event->stream ? submit(stream, (op){ .kind = WAIT, .event = event, .ticket = event->recorded }) : 0);
}
CUresult cuEventCreate(CUevent *event, unsigned int flags) {
    BEGIN(1, "cuEventCreate(%u)", flags)
    *event = calloc(1, sizeof **event);
    END(0);
}
CUresult cuEventDestroy_v2(CUevent event) { BEGIN(1, "cuEventDestroy_v2") END(event ? 0 : 1); }
CUresult cuEventRecord(CUevent event, CUstream stream) {
    BEGIN(1, "cuEventRecord")
    event->stream = stream;
    END(submit(stream, (op){ .kind = RECORD, .event = event, .ticket = ++event->recorded }));
}
CUresult cuEventSynchronize(CUevent event) { BEGIN(1, "cuEventSynchronize") run_to(event->stream, event, event->recorded); END(0); }
CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
    BEGIN(1, "cuEventElapsedTime")
    *milliseconds = (float)(to->recorded - from->recorded);
    END(from->done && to->done ? 0 : 600);
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int count, CUjit_option *options, void **values) {
    BEGIN(1, "cuModuleLoadDataEx(%u, %d, %d, %zu)", count, (int)options[0], (int)options[1], (size_t)values[1])
    if (strstr(image, "mistake")) {
        snprintf(values[0], (size_t)values[1], "ptxas application ptx input, line 5; error: Unknown symbol 'mistake'\n");
        END(218);
    }
    *module = malloc(sizeof **module);
    (*module)->text = strdup(image);
    END(0);
}
CUresult cuModuleUnload(CUmodule module) { BEGIN(1, "cuModuleUnload") free(module->text); free(module); END(0); }
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    BEGIN(1, "cuModuleGetFunction(%s)", name)
    char entry[128];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    if (!strstr(module->text, entry)) END(500);
    *function = calloc(1, sizeof **function);
    snprintf((*function)->name, sizeof (*function)->name, "%s", name);
    (*function)->shared = 49152;
    END(0);
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    BEGIN(1, "cuFuncSetAttribute(%d, %d)", (int)attribute, value)
    if (attribute == 8) function->shared = value;
    END(0);
}
CUresult cuLaunchKernel(CUfunction function, unsigned int x, unsigned int y, unsigned int z, unsigned int threads_x, unsigned int threads_y,
    unsigned int threads_z, unsigned int shared, CUstream stream, void **parameters, void **extra) {
    size_t bytes = extra ? *(size_t *)extra[3] : 0;
    BEGIN(1, "cuLaunchKernel(%s, %ux%ux%u, %ux%ux%u, %u, %zu)", function->name, x, y, z, threads_x, threads_y, threads_z, shared, bytes)
    if (parameters || (int)shared > function->shared) END(1);
    if (extra && (extra[0] != CU_LAUNCH_PARAM_BUFFER_POINTER || extra[2] != CU_LAUNCH_PARAM_BUFFER_SIZE || extra[4] != CU_LAUNCH_PARAM_END)) END(1);
    op o = { .kind = FILL };
    if (extra) memcpy(o.arguments, extra[1], bytes < sizeof o.arguments ? bytes : sizeof o.arguments);
    END(submit(stream, o));
}

CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    BEGIN(1, "cuStreamBeginCapture_v2(%d)", (int)mode)
    /* Work of before would become part of the graph here. */
    if (stream->first) END(1);
    stream->capturing = 1;
    END(0);
}
CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
    BEGIN(1, "cuStreamIsCapturing")
    *status = stream->capturing;
    END(0);
}
CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
    BEGIN(1, "cuStreamEndCapture")
    if (stream->capturing != 1) END(901);
    *graph = malloc(sizeof **graph);
    (*graph)->first = stream->first;
    stream->first = stream->last = NULL;
    stream->capturing = 0;
    END(0);
}
CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long flags) {
    BEGIN(1, "cuGraphInstantiateWithFlags(%llu)", flags)
    *executable = malloc(sizeof **executable);
    (*executable)->first = graph->first;
    END(0);
}
CUresult cuGraphDestroy(CUgraph graph) { BEGIN(1, "cuGraphDestroy") free(graph); END(0); }
CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
    BEGIN(1, "cuGraphLaunch")
    for (op *o = executable->first; o; o = o->next) submit(stream, *o);
    END(0);
}
CUresult cuGraphExecDestroy(CUgraphExec executable) { BEGIN(1, "cuGraphExecDestroy") free(executable); END(0); }
