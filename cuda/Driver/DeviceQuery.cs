using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>Reads what the driver tells of a device without using it.</summary>
internal static unsafe class DeviceQuery
{
    // Device attributes as cuda.h numbers them.
    private const int MultiprocessorCount = 16;
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int MaxSharedBytesPerBlockOptIn = 97;

    private const int MaxNameBytes = 256;

    // The kernels use instructions of compute capability 8.0, such as products of bf16 and copies to shared memory that do not wait.
    private const int OldestMajor = 8;

    /// <summary>Number of devices.</summary>
    public static int Count(CudaLibrary library)
    {
        int count;
        library.Check(library.DeviceGetCount(&count), "The NVIDIA driver does not count its devices");
        return count;
    }

    /// <summary>Describes a device. Its free memory is not known without a context, and counts as 0.</summary>
    /// <exception cref="CudaException">There is no such device.</exception>
    public static CudaDeviceInfo Read(CudaLibrary library, int ordinal)
    {
        string device = CudaDevices.NameOf(ordinal);
        int count = Count(library);
        if (ordinal < 0 || ordinal >= count)
        {
            throw new CudaException($"{device} does not exist: this machine has {count} CUDA device{(count == 1 ? "" : "s")}.");
        }

        string problem = $"The NVIDIA driver does not describe {device}";
        int handle;
        library.Check(library.DeviceGet(&handle, ordinal), problem);
        byte* name = stackalloc byte[MaxNameBytes];
        library.Check(library.DeviceGetName(name, MaxNameBytes, handle), problem);
        nuint bytes;
        library.Check(library.DeviceTotalMem(&bytes, handle), problem);
        return new CudaDeviceInfo(
            ordinal,
            Marshal.PtrToStringUTF8((nint)name)!,
            (long)bytes,
            FreeBytes: 0,
            Attribute(library, handle, CapabilityMajor, problem),
            Attribute(library, handle, CapabilityMinor, problem),
            Attribute(library, handle, MultiprocessorCount, problem),
            Attribute(library, handle, MaxSharedBytesPerBlockOptIn, problem),
            library.Version);
    }

    /// <summary>Says why a device cannot be used; null if it can.</summary>
    public static string? ProblemOf(CudaDeviceInfo info) => info.Major >= OldestMajor
        ? null
        : $"{CudaDevices.NameOf(info.Ordinal)} ({info.Name}) has compute capability {info.Major}.{info.Minor}, and {OldestMajor}.0 or newer is needed.";

    private static int Attribute(CudaLibrary library, int device, int number, string problem)
    {
        int value;
        library.Check(library.DeviceGetAttribute(&value, number, device), problem);
        return value;
    }
}
