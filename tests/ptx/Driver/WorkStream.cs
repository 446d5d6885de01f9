using HunyuanOrleans.Cuda.Driver;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>Work that was submitted to a stream. It runs when somebody waits for it.</summary>
internal sealed class WorkStream
{
    private readonly Queue<Action> _work = new();
    private List<Action>? _captured;
    private long _done;

    /// <summary>Number of the work that was submitted last, from 1.</summary>
    public long Submitted { get; private set; }

    /// <summary>Whether work is recorded instead.</summary>
    public bool IsCapturing => _captured is not null;

    /// <summary>Adds work.</summary>
    public void Add(Action work)
    {
        if (_captured is not null)
        {
            _captured.Add(work);
            return;
        }

        _work.Enqueue(work);
        Submitted++;
    }

    /// <summary>Runs work up to a number.</summary>
    public void RunTo(long number)
    {
        while (_done < number)
        {
            _done++;
            _work.Dequeue()();
        }
    }

    /// <summary>Begins to record.</summary>
    public void BeginCapture() => _captured = _captured is null ? [] : throw new CudaException("The stream is being captured already.");

    /// <summary>Ends to record.</summary>
    public IReadOnlyList<Action> EndCapture()
    {
        IReadOnlyList<Action> captured = _captured ?? throw new CudaException("The stream is not being captured.");
        _captured = null;
        return captured;
    }
}
