namespace Orleans.Runtime;

/// <summary>Runs one activation's turns on the thread pool, one at a time, in order; after a kill, none.</summary>
internal sealed class ActivationScheduler(Activation owner) : TaskScheduler, IThreadPoolWorkItem
{
    // So that one busy activation does not keep a pool thread from the others.
    private const int TurnsAtATime = 32;

    private readonly Queue<object> _turns = [];
    private bool _scheduled;
    private volatile bool _dead;

    public override int MaximumConcurrencyLevel => 1;

    public void Enqueue(Action turn) => Add(turn);

    /// <summary>Drops what waits and whatever comes later. A turn that is being run goes on until it first waits.</summary>
    public void Kill()
    {
        lock (_turns)
        {
            _dead = true;
            _turns.Clear();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        RuntimeContext.Current = owner;
        try
        {
            for (var i = 0; i < TurnsAtATime; i++)
            {
                object? turn;
                lock (_turns)
                {
                    if (!_turns.TryDequeue(out turn))
                    {
                        _scheduled = false;
                        return;
                    }
                }
                // As a task of this scheduler, what the turn awaits comes back here.
                if (turn is Task task) TryExecuteTask(task);
                else new Task((Action)turn).RunSynchronously(this);
            }
        }
        finally
        {
            RuntimeContext.Current = null;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override void QueueTask(Task task) => Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && !_dead && RuntimeContext.Current == owner && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_turns) return [.. _turns.OfType<Task>()];
    }

    private void Add(object turn)
    {
        lock (_turns)
        {
            if (_dead) return;
            _turns.Enqueue(turn);
            if (_scheduled) return;
            _scheduled = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }
}
