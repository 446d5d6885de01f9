namespace HunyuanOrleans.Cuda.Driver;

/// <summary>
/// What is used of CUDA's driver, for one device and one context: the real driver, or in tests one that executes PTX on the CPU. Addresses of device
/// memory and handles are opaque numbers. Work in a stream runs in order; methods whose names end in Async return before the work is done. Any thread
/// may call it.
/// </summary>
public interface ICudaDriver : IDisposable
{
    /// <summary>The device.</summary>
    CudaDeviceInfo Device { get; }

    /// <summary>Why no call can succeed any more; null if calls can.</summary>
    string? Failure { get; }

    /// <summary>Allocates device memory, aligned to 256 bytes at least. Its content is undefined.</summary>
    /// <exception cref="CudaException">The device has not enough memory.</exception>
    ulong Allocate(long bytes);

    /// <summary>Frees device memory, after the work that was submitted before.</summary>
    void Free(ulong address);

    /// <summary>Allocates host memory that the device can copy from and to while the host goes on.</summary>
    nint AllocatePinned(long bytes);

    /// <summary>Frees memory of <see cref="AllocatePinned"/>.</summary>
    void FreePinned(nint memory);

    /// <summary>Copies from pinned host memory, which must not change until the copy is done.</summary>
    void CopyToDeviceAsync(ulong target, nint source, long bytes, nint stream);

    /// <summary>Copies to pinned host memory, which must not be read until the copy is done.</summary>
    void CopyToHostAsync(nint target, ulong source, long bytes, nint stream);

    /// <summary>Copies within the device.</summary>
    void CopyAsync(ulong target, ulong source, long bytes, nint stream);

    /// <summary>Sets bytes of device memory to zero.</summary>
    void ClearAsync(ulong target, long bytes, nint stream);

    /// <summary>Creates a stream that does not wait for others.</summary>
    nint CreateStream();

    /// <summary>Destroys a stream after its work.</summary>
    void DestroyStream(nint stream);

    /// <summary>Waits until all work of a stream is done.</summary>
    /// <exception cref="CudaException">Some of the work failed. The context cannot be used any more.</exception>
    void Synchronize(nint stream);

    /// <summary>Creates an event, which is not recorded yet and counts as done.</summary>
    nint CreateEvent();

    /// <summary>Destroys an event.</summary>
    void DestroyEvent(nint handle);

    /// <summary>Records an event in a stream: it is done when the work submitted before is.</summary>
    void Record(nint handle, nint stream);

    /// <summary>Lets a stream wait for an event.</summary>
    void WaitFor(nint handle, nint stream);

    /// <summary>Lets the calling thread wait for an event.</summary>
    void WaitFor(nint handle);

    /// <summary>Milliseconds between two events that are done.</summary>
    float Elapsed(nint from, nint to);

    /// <summary>Loads a module of PTX, which the driver compiles for the device.</summary>
    /// <param name="ptx">The text of the module.</param>
    /// <param name="entry">The entry that is wanted.</param>
    /// <param name="sharedBytes">The most shared memory that a launch of it will ask for.</param>
    /// <returns>The function. Its module lives as long as the driver.</returns>
    /// <exception cref="CudaException">The module cannot be compiled or has no such entry; the message has the compiler's log.</exception>
    nint Load(string ptx, string entry, int sharedBytes);

    /// <summary>Launches a function. Nothing happens if a size of the grid is 0.</summary>
    /// <param name="function">The function.</param>
    /// <param name="grid">Blocks in three dimensions.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Bytes of shared memory of a block.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="arguments">The arguments one after the other, each aligned to its size.</param>
    void LaunchAsync(nint function, CudaGrid grid, int threads, int sharedBytes, nint stream, ReadOnlySpan<byte> arguments);

    /// <summary>Begins to record the work of a stream into a graph instead of running it.</summary>
    void BeginCapture(nint stream);

    /// <summary>Ends the recording of <see cref="BeginCapture"/>.</summary>
    /// <returns>The graph, ready to be launched.</returns>
    nint EndCapture(nint stream);

    /// <summary>Ends a recording without a graph, whatever happened to it.</summary>
    void AbandonCapture(nint stream);

    /// <summary>Runs the work of a graph in a stream.</summary>
    void LaunchGraphAsync(nint graph, nint stream);

    /// <summary>Destroys a graph after its work.</summary>
    void DestroyGraph(nint graph);
}
