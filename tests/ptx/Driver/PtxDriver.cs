using System.Globalization;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Memory;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>
/// Executes PTX on the CPU. Work in a stream runs only when somebody waits for it, and then nothing else than that and what it waits for: a wait that is
/// missing shows as stale data. After work failed every call fails, as it does on a GPU; only those that free or destroy something do nothing.
/// </summary>
public sealed class PtxDriver : ICudaDriver
{
    private const int SharedBytesPerBlock = 232448;

    private readonly Lock _gate = new();
    private readonly PtxDriverOptions _options;
    private readonly DeviceMemory _memory;
    private readonly PinnedMemory _pinned = new();
    private readonly HandleTable<WorkStream> _streams = new("stream", 0x10000000);
    private readonly HandleTable<WorkEvent> _events = new("event", 0x20000000);
    private readonly HandleTable<LoadedKernel> _functions = new("function", 0x30000000);
    private readonly HandleTable<IReadOnlyList<Action>> _graphs = new("graph", 0x40000000);
    private readonly Dictionary<string, KernelStatistics> _statistics = [];
    private readonly List<WorkStream> _all = [];
    private Exception? _failure;

    /// <summary>Creates a device.</summary>
    /// <param name="options">How it behaves.</param>
    public PtxDriver(PtxDriverOptions? options = null)
    {
        _options = options ?? new();
        _memory = new DeviceMemory(_options.MemoryBytes);
    }

    /// <inheritdoc/>
    public CudaDeviceInfo Device => new(
        0, "PTX interpreter", _options.MemoryBytes, _options.MemoryBytes - _memory.UsedBytes, 9, 0, 132, SharedBytesPerBlock, new Version(13, 0));

    /// <inheritdoc/>
    public string? Failure => _failure?.Message;

    /// <summary>What each kernel did so far, by the name of its entry.</summary>
    public IReadOnlyDictionary<string, KernelStatistics> Statistics => _statistics;

    /// <summary>Number of calls of <see cref="LaunchGraphAsync"/> so far.</summary>
    public int GraphLaunches { get; private set; }

    /// <summary>Bytes that were copied from the host so far.</summary>
    public long BytesToDevice { get; private set; }

    /// <summary>Bytes that were copied to the host so far.</summary>
    public long BytesToHost { get; private set; }

    /// <summary>What was not freed or destroyed when the driver was disposed.</summary>
    public IReadOnlyList<string> Leaks { get; private set; } = [];

    /// <inheritdoc/>
    public ulong Allocate(long bytes) => Locked(() => _memory.Allocate(bytes).Address);

    /// <inheritdoc/>
    public void Free(ulong address) => Released(() =>
    {
        RunAll();
        _memory.Free(address);
    });

    /// <inheritdoc/>
    public nint AllocatePinned(long bytes) => Locked(() => _pinned.Allocate(bytes));

    /// <inheritdoc/>
    public void FreePinned(nint memory) => Released(() => _pinned.Free(memory));

    /// <inheritdoc/>
    public void CopyToDeviceAsync(ulong target, nint source, long bytes, nint stream) => Locked(() =>
    {
        PinnedAllocation pinned = _pinned.FindRange(source, bytes);
        _memory.FindRange(target, bytes);
        Submit(_streams[stream], () =>
        {
            pinned.EnsureNotFreed();
            DeviceCopies.FromHost(_memory, target, source, bytes);
            BytesToDevice += bytes;
        });
    });

    /// <inheritdoc/>
    public void CopyToHostAsync(nint target, ulong source, long bytes, nint stream) => Locked(() =>
    {
        PinnedAllocation pinned = _pinned.FindRange(target, bytes);
        _memory.FindRange(source, bytes);
        Submit(_streams[stream], () =>
        {
            pinned.EnsureNotFreed();
            DeviceCopies.ToHost(_memory, target, source, bytes);
            BytesToHost += bytes;
        });
    });

    /// <inheritdoc/>
    public void CopyAsync(ulong target, ulong source, long bytes, nint stream) => Locked(() =>
    {
        _memory.FindRange(source, bytes);
        _memory.FindRange(target, bytes);
        Submit(_streams[stream], () => DeviceCopies.Within(_memory, target, source, bytes));
    });

    /// <inheritdoc/>
    public void ClearAsync(ulong target, long bytes, nint stream) => Locked(() =>
    {
        _memory.FindRange(target, bytes);
        Submit(_streams[stream], () => DeviceCopies.Clear(_memory, target, bytes));
    });

    /// <inheritdoc/>
    public nint CreateStream() => Locked(() =>
    {
        WorkStream stream = new();
        _all.Add(stream);
        return _streams.Add(stream);
    });

    /// <inheritdoc/>
    public void DestroyStream(nint stream) => Released(() =>
    {
        WorkStream removed = _streams.Remove(stream);
        removed.RunTo(removed.Submitted);
        _all.Remove(removed);
    });

    /// <inheritdoc/>
    public void Synchronize(nint stream) => Locked(() =>
    {
        WorkStream waited = NotCapturing(stream);
        waited.RunTo(waited.Submitted);
    });

    /// <inheritdoc/>
    public nint CreateEvent() => Locked(() => _events.Add(new WorkEvent()));

    /// <inheritdoc/>
    public void DestroyEvent(nint handle) => Released(() => _events.Remove(handle));

    /// <inheritdoc/>
    public void Record(nint handle, nint stream) => Locked(() => _events[handle].Record(NotCapturing(stream), _options.Time));

    /// <inheritdoc/>
    public void WaitFor(nint handle, nint stream) => Locked(() =>
    {
        WorkEvent waited = _events[handle];
        if (waited.Stream is { } source)
        {
            long number = waited.Number;
            NotCapturing(stream).Add(() => source.RunTo(number));
        }
    });

    /// <inheritdoc/>
    public void WaitFor(nint handle) => Locked(() => _events[handle].Wait());

    /// <inheritdoc/>
    public float Elapsed(nint from, nint to) => Locked(() => _events[from].Timestamp is { } start && _events[to].Timestamp is { } end
        ? (float)_options.Time.GetElapsedTime(start, end).TotalMilliseconds
        : throw new CudaException("An event is not done."));

    /// <inheritdoc/>
    public nint Load(string ptx, string entry, int sharedBytes) =>
        Locked(() => _functions.Add(LoadedKernel.Load(ptx, entry, sharedBytes, SharedBytesPerBlock, _options.AllowsContraction)));

    /// <inheritdoc/>
    public void LaunchAsync(nint function, CudaGrid grid, int threads, int sharedBytes, nint stream, ReadOnlySpan<byte> arguments)
    {
        byte[] copy = arguments.ToArray();
        Locked(() =>
        {
            LoadedKernel kernel = _functions[function];
            kernel.Check(grid, threads, sharedBytes, copy.Length);
            WorkStream target = _streams[stream];
            if (grid is { X: > 0, Y: > 0, Z: > 0 })
            {
                Submit(target, () => Run(kernel.Program, grid, threads, sharedBytes, copy));
            }
        });
    }

    /// <inheritdoc/>
    public void BeginCapture(nint stream) => Locked(() => _streams[stream].BeginCapture());

    /// <inheritdoc/>
    public nint EndCapture(nint stream) => Locked(() => _graphs.Add(_streams[stream].EndCapture()));

    /// <inheritdoc/>
    public void AbandonCapture(nint stream) => Released(() => _ = _streams[stream].EndCapture());

    /// <inheritdoc/>
    public void LaunchGraphAsync(nint graph, nint stream) => Locked(() =>
    {
        IReadOnlyList<Action> work = _graphs[graph];
        NotCapturing(stream).Add(() =>
        {
            foreach (Action action in work)
            {
                action();
            }
        });
        GraphLaunches++;
    });

    /// <inheritdoc/>
    public void DestroyGraph(nint graph) => Released(() => _graphs.Remove(graph));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            List<string> leaks = [.. _memory.Living.Select(static left => string.Create(CultureInfo.InvariantCulture, $"{left.Bytes} bytes of device memory"))];
            Count(_pinned.Count, "allocations of pinned memory");
            Count(_streams.Count, "streams");
            Count(_events.Count, "events");
            Count(_graphs.Count, "graphs");
            Leaks = leaks;
            _memory.Dispose();
            _pinned.Dispose();

            void Count(int count, string kind)
            {
                if (count > 0)
                {
                    leaks.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {kind}"));
                }
            }
        }
    }

    private void Run(KernelProgram program, CudaGrid grid, int threads, int sharedBytes, byte[] arguments)
    {
        LaunchTags tags = _memory.NextTags((long)grid.X * grid.Y * grid.Z);
        Launch launch = new(program, grid, threads, sharedBytes, arguments, tags, _options.FindsGlobalRaces, _options.MaxInstructions);
        KernelStatistics done = launch.Run(_memory, _options.Workers);
        if (!_statistics.TryGetValue(program.Name, out KernelStatistics? total))
        {
            total = new KernelStatistics();
            _statistics.Add(program.Name, total);
        }

        total.Add(done);
    }

    private void RunAll()
    {
        foreach (WorkStream stream in _all)
        {
            stream.RunTo(stream.Submitted);
        }
    }

    private WorkStream NotCapturing(nint stream) =>
        _streams[stream] is { IsCapturing: false } found ? found : throw new CudaException("This is not possible while the stream is being captured.");

    // On a GPU, work that fails makes the context unusable. Its error comes from the call that waits for it.
    private void Submit(WorkStream stream, Action work) => stream.Add(() =>
    {
        try
        {
            work();
        }
        catch (Exception error) when (error is PtxFault or CudaException)
        {
            _failure = error;
            throw;
        }
    });

    // What belongs to a context that cannot be used any more is gone with it.
    private void Released(Action release)
    {
        lock (_gate)
        {
            if (_failure is null)
            {
                release();
            }
        }
    }

    private void Locked(Action action) => Locked(() =>
    {
        action();
        return true;
    });

    private T Locked<T>(Func<T> function)
    {
        lock (_gate)
        {
            return _failure is null ? function() : throw new CudaException($"The context cannot be used any more: {_failure.Message}");
        }
    }
}
