namespace HunyuanOrleans.Cuda.Driver;

/// <summary>
/// The streams of a driver. It can wait for all work that was submitted without disturbing graphs that are being recorded: a stream must not be waited
/// for then, and a recording that was disturbed is lost. Thread-safe. The caller enters the context.
/// </summary>
internal sealed unsafe class CudaStreams(CudaLibrary library, CudaContext context)
{
    // Flags and modes as cuda.h numbers them.
    private const uint NonBlocking = 1;
    private const int ThreadLocalCapture = 1;
    private const int NoCapture = 0;

    private readonly List<nint> _streams = [];

    // Held while streams are waited for, so that none begins to be recorded meanwhile.
    private readonly Lock _gate = new();

    /// <summary>Creates a stream.</summary>
    public nint Create()
    {
        nint stream;
        context.Check(library.StreamCreate(&stream, NonBlocking), nameof(ICudaDriver.CreateStream));
        lock (_gate)
        {
            _streams.Add(stream);
        }

        return stream;
    }

    /// <summary>Destroys a stream after its work.</summary>
    public void Destroy(nint stream)
    {
        lock (_gate)
        {
            // The driver would let the work go on, and WaitForAll would not know of it.
            context.Check(library.StreamSynchronize(stream), nameof(ICudaDriver.DestroyStream));
            context.Check(library.StreamDestroy(stream), nameof(ICudaDriver.DestroyStream));
            _streams.Remove(stream);
        }
    }

    /// <summary>Lets a stream wait for an event. If the event is part of a recording, the stream becomes part of it too.</summary>
    public void WaitFor(nint handle, nint stream)
    {
        lock (_gate)
        {
            context.Check(library.StreamWaitEvent(stream, handle, 0));
        }
    }

    /// <summary>Begins to record a stream, after its work. Other threads may allocate and free memory meanwhile.</summary>
    public void BeginCapture(nint stream)
    {
        lock (_gate)
        {
            // WaitForAll passes over the stream from now on.
            context.Check(library.StreamSynchronize(stream));
            context.Check(library.StreamBeginCapture(stream, ThreadLocalCapture));
        }
    }

    /// <summary>Waits for the work of all streams that are not being recorded.</summary>
    public void WaitForAll()
    {
        lock (_gate)
        {
            foreach (nint stream in _streams)
            {
                int status;
                context.Check(library.StreamIsCapturing(stream, &status));
                if (status == NoCapture)
                {
                    context.Check(library.StreamSynchronize(stream));
                }
            }
        }
    }
}
