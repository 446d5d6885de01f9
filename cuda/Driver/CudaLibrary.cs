using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>
/// The functions of CUDA's driver library. They are looked up in the loaded library and not declared as imports, so that a missing library or function
/// is an answer instead of an exception of the runtime. Signatures are those of cuda.h, with handles as <see cref="nint"/> and device addresses as
/// <see cref="ulong"/>. Each returns a <see cref="CudaResult"/>.
/// </summary>
internal sealed unsafe class CudaLibrary(nint handle, Version version)
{
    public readonly delegate* unmanaged<int*, int> DeviceGetCount = (delegate* unmanaged<int*, int>)Find(handle, "cuDeviceGetCount");
    public readonly delegate* unmanaged<int*, int, int> DeviceGet = (delegate* unmanaged<int*, int, int>)Find(handle, "cuDeviceGet");
    public readonly delegate* unmanaged<byte*, int, int, int> DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)Find(handle, "cuDeviceGetName");
    public readonly delegate* unmanaged<nuint*, int, int> DeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)Find(handle, "cuDeviceTotalMem_v2");
    public readonly delegate* unmanaged<int*, int, int, int> DeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)Find(handle, "cuDeviceGetAttribute");
    public readonly delegate* unmanaged<nint*, int, int> DevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, int>)Find(handle, "cuDevicePrimaryCtxRetain");
    public readonly delegate* unmanaged<int, int> DevicePrimaryCtxRelease = (delegate* unmanaged<int, int>)Find(handle, "cuDevicePrimaryCtxRelease_v2");
    public readonly delegate* unmanaged<nint, int> CtxSetCurrent = (delegate* unmanaged<nint, int>)Find(handle, "cuCtxSetCurrent");

    public readonly delegate* unmanaged<nuint*, nuint*, int> MemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)Find(handle, "cuMemGetInfo_v2");
    public readonly delegate* unmanaged<ulong*, nuint, int> MemAlloc = (delegate* unmanaged<ulong*, nuint, int>)Find(handle, "cuMemAlloc_v2");
    public readonly delegate* unmanaged<ulong, int> MemFree = (delegate* unmanaged<ulong, int>)Find(handle, "cuMemFree_v2");
    public readonly delegate* unmanaged<nint*, nuint, int> MemAllocHost = (delegate* unmanaged<nint*, nuint, int>)Find(handle, "cuMemAllocHost_v2");
    public readonly delegate* unmanaged<nint, int> MemFreeHost = (delegate* unmanaged<nint, int>)Find(handle, "cuMemFreeHost");
    public readonly delegate* unmanaged<ulong, nint, nuint, nint, int> MemcpyHtoDAsync = (delegate* unmanaged<ulong, nint, nuint, nint, int>)Find(handle, "cuMemcpyHtoDAsync_v2");
    public readonly delegate* unmanaged<nint, ulong, nuint, nint, int> MemcpyDtoHAsync = (delegate* unmanaged<nint, ulong, nuint, nint, int>)Find(handle, "cuMemcpyDtoHAsync_v2");
    public readonly delegate* unmanaged<ulong, ulong, nuint, nint, int> MemcpyDtoDAsync = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)Find(handle, "cuMemcpyDtoDAsync_v2");
    public readonly delegate* unmanaged<ulong, byte, nuint, nint, int> MemsetD8Async = (delegate* unmanaged<ulong, byte, nuint, nint, int>)Find(handle, "cuMemsetD8Async");

    public readonly delegate* unmanaged<nint*, uint, int> StreamCreate = (delegate* unmanaged<nint*, uint, int>)Find(handle, "cuStreamCreate");
    public readonly delegate* unmanaged<nint, int> StreamDestroy = (delegate* unmanaged<nint, int>)Find(handle, "cuStreamDestroy_v2");
    public readonly delegate* unmanaged<nint, int> StreamSynchronize = (delegate* unmanaged<nint, int>)Find(handle, "cuStreamSynchronize");
    public readonly delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)Find(handle, "cuStreamWaitEvent");
    public readonly delegate* unmanaged<nint*, uint, int> EventCreate = (delegate* unmanaged<nint*, uint, int>)Find(handle, "cuEventCreate");
    public readonly delegate* unmanaged<nint, int> EventDestroy = (delegate* unmanaged<nint, int>)Find(handle, "cuEventDestroy_v2");
    public readonly delegate* unmanaged<nint, nint, int> EventRecord = (delegate* unmanaged<nint, nint, int>)Find(handle, "cuEventRecord");
    public readonly delegate* unmanaged<nint, int> EventSynchronize = (delegate* unmanaged<nint, int>)Find(handle, "cuEventSynchronize");
    public readonly delegate* unmanaged<float*, nint, nint, int> EventElapsedTime = (delegate* unmanaged<float*, nint, nint, int>)Find(handle, "cuEventElapsedTime");

    public readonly delegate* unmanaged<nint*, byte*, uint, int*, nint*, int> ModuleLoadDataEx = (delegate* unmanaged<nint*, byte*, uint, int*, nint*, int>)Find(handle, "cuModuleLoadDataEx");
    public readonly delegate* unmanaged<nint, int> ModuleUnload = (delegate* unmanaged<nint, int>)Find(handle, "cuModuleUnload");
    public readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Find(handle, "cuModuleGetFunction");
    public readonly delegate* unmanaged<nint, int, int, int> FuncSetAttribute = (delegate* unmanaged<nint, int, int, int>)Find(handle, "cuFuncSetAttribute");
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, nint*, nint*, int> LaunchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, nint*, nint*, int>)Find(handle, "cuLaunchKernel");

    public readonly delegate* unmanaged<nint, int, int> StreamBeginCapture = (delegate* unmanaged<nint, int, int>)Find(handle, "cuStreamBeginCapture_v2");
    public readonly delegate* unmanaged<nint, int*, int> StreamIsCapturing = (delegate* unmanaged<nint, int*, int>)Find(handle, "cuStreamIsCapturing");
    public readonly delegate* unmanaged<nint, nint*, int> StreamEndCapture = (delegate* unmanaged<nint, nint*, int>)Find(handle, "cuStreamEndCapture");
    public readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiateWithFlags = (delegate* unmanaged<nint*, nint, ulong, int>)Find(handle, "cuGraphInstantiateWithFlags");
    public readonly delegate* unmanaged<nint, nint, int> GraphLaunch = (delegate* unmanaged<nint, nint, int>)Find(handle, "cuGraphLaunch");
    public readonly delegate* unmanaged<nint, int> GraphExecDestroy = (delegate* unmanaged<nint, int>)Find(handle, "cuGraphExecDestroy");
    public readonly delegate* unmanaged<nint, int> GraphDestroy = (delegate* unmanaged<nint, int>)Find(handle, "cuGraphDestroy");

    private readonly delegate* unmanaged<int, byte**, int> _getErrorName = (delegate* unmanaged<int, byte**, int>)Find(handle, "cuGetErrorName");
    private readonly delegate* unmanaged<int, byte**, int> _getErrorString = (delegate* unmanaged<int, byte**, int>)Find(handle, "cuGetErrorString");
    private readonly delegate* unmanaged<uint, int> _init = (delegate* unmanaged<uint, int>)Find(handle, "cuInit");

    /// <summary>The oldest CUDA version that the driver may support.</summary>
    public static Version OldestVersion { get; } = new(12, 0);

    /// <summary>The library's name on this system.</summary>
    public static string DefaultPath => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>The newest CUDA version that the driver supports.</summary>
    public Version Version { get; } = version;

    /// <summary>Loads and initializes the driver. It stays loaded: it has threads of its own.</summary>
    /// <param name="path">The library, by default that of the system.</param>
    /// <exception cref="CudaException">There is no driver, it is too old, or it finds no GPU.</exception>
    public static CudaLibrary Load(string? path = null)
    {
        path ??= DefaultPath;
        if (!NativeLibrary.TryLoad(path, out nint handle))
        {
            throw new CudaException($"There is no NVIDIA driver: {path} cannot be loaded.");
        }

        // Before the functions are looked up: an old driver does not have them all.
        CudaLibrary library = new(handle, SupportedVersion(handle));
        int result = library._init(0);
        if (result == CudaResult.NoDevice)
        {
            throw new CudaException("The NVIDIA driver finds no GPU.");
        }

        library.Check(result, "The NVIDIA driver cannot be initialized");
        return library;
    }

    /// <summary>Throws if a call failed.</summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="problem">What the failure means, such as "CUDA cannot create a stream".</param>
    public void Check(int result, string problem)
    {
        if (result != CudaResult.Success)
        {
            throw new CudaException($"{problem}: {Describe(result)}.");
        }
    }

    /// <summary>Describes an error, such as "out of memory (CUDA_ERROR_OUT_OF_MEMORY)".</summary>
    public string Describe(int result)
    {
        byte* name, text;
        return _getErrorName(result, &name) == CudaResult.Success && _getErrorString(result, &text) == CudaResult.Success
            ? $"{Marshal.PtrToStringUTF8((nint)text)} ({Marshal.PtrToStringUTF8((nint)name)})"
            : $"error {result}";
    }

    private static Version SupportedVersion(nint handle)
    {
        int number;
        int result = ((delegate* unmanaged<int*, int>)Find(handle, "cuDriverGetVersion"))(&number);
        if (result != CudaResult.Success)
        {
            throw new CudaException($"The NVIDIA driver does not tell its version: error {result}.");
        }

        Version version = new(number / 1000, number % 1000 / 10);
        return version >= OldestVersion
            ? version
            : throw new CudaException($"The NVIDIA driver is too old: it supports CUDA {version}, and {OldestVersion} or newer is needed.");
    }

    private static void* Find(nint handle, string name) => NativeLibrary.TryGetExport(handle, name, out nint address)
        ? (void*)address
        : throw new CudaException($"The NVIDIA driver has no function {name}, which CUDA {OldestVersion} and newer have.");
}
