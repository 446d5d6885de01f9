namespace Orleans.Runtime;

/// <summary>
/// A grain's requests: which wait, which run, which may start. It outlives activations: a deactivated grain's requests wait here for the
/// next one. It knows nothing of what requests do.
/// </summary>
internal sealed class Mailbox(GrainDirectory directory, GrainClass grainClass, GrainId id, SiloCore? onlySilo)
{
    private readonly Lock _gate = new();
    private readonly Queue<Work> _waiting = [];
    private readonly HashSet<Work> _running = [];
    private Activation? _activation;
    private int _blocking;
    private bool _blockingReadOnly;
    private bool _closed;

    public GrainClass Class => grainClass;

    public GrainId Id => id;

    /// <summary>The silo that workers of a stateless grain stay on; null where the director decides.</summary>
    public SiloCore? OnlySilo => onlySilo;

    /// <summary>How much waits and runs, about.</summary>
    public int Load => _waiting.Count + _running.Count;

    /// <summary>Takes a request. False where the mailbox is closed: the directory has, or makes, another.</summary>
    public bool TryPost(Message message)
    {
        lock (_gate)
        {
            if (_closed) return false;
            Admit(message);
            if (_activation is null && _waiting.Count == 1) directory.Place(this, message);
        }
        return true;
    }

    /// <summary>Takes work of the activation's own; dropped where that has ended.</summary>
    public void PostOwn(Activation activation, Work work)
    {
        lock (_gate)
        {
            if (_activation != activation || activation.State > ActivationState.Valid) return;
            Admit(work);
        }
    }

    /// <summary>The first request somebody still waits for. Where there is none the mailbox closes.</summary>
    public Message? FirstOrClose()
    {
        lock (_gate)
        {
            Forget(static w => w.IsDone);
            if (_waiting.TryPeek(out var first)) return (Message)first;
            Close();
            return null;
        }
    }

    /// <summary>Starts an activation on a silo. False where that silo takes none any more.</summary>
    public bool TryActivate(SiloCore silo, MigrationContext? moved, Dictionary<string, object>? context)
    {
        lock (_gate)
        {
            if (silo.TryCreate(this) is not { } activation) return false;
            _activation = activation;
            activation.Start(moved, context);
            return true;
        }
    }

    /// <summary>Nothing waits any more: what did fails.</summary>
    public void FailWaiting(Exception exception)
    {
        Work[] failed;
        lock (_gate)
        {
            failed = [.. _waiting];
            _waiting.Clear();
            Close();
        }
        foreach (var work in failed) work.Fail(exception);
    }

    public void OnActivated(Activation activation)
    {
        lock (_gate)
        {
            if (activation.State != ActivationState.Activating) return;
            activation.State = ActivationState.Valid;
            if (activation.EndReason is not null)
            {
                BeginEnd(activation);
                return;
            }
            Work[] waited = [.. _waiting];
            _waiting.Clear();
            foreach (var work in waited) Admit(work);
        }
    }

    /// <summary>Starts to end the activation; running requests finish first.</summary>
    public void Deactivate(Activation activation, DeactivationReason reason)
    {
        lock (_gate)
        {
            activation.EndReason ??= reason;
            if (activation.State == ActivationState.Valid) BeginEnd(activation);
        }
    }

    /// <summary>Ends the activation if it has been idle. A request that comes in between finds the next one.</summary>
    public void DeactivateIfIdle(Activation activation, long usedBefore)
    {
        lock (_gate)
        {
            if (activation.State != ActivationState.Valid || _running.Count > 0 || activation.LastUsed > usedBefore) return;
            activation.EndReason ??= new(DeactivationReasonCode.ActivationIdle, "The activation was idle.");
            BeginEnd(activation);
        }
    }

    /// <summary>The activation has ended; those who wait get the one it moved to, or a new one.</summary>
    public void OnEnded(Activation activation, SiloCore? movedTo, MigrationContext? moved)
    {
        lock (_gate)
        {
            if (_activation != activation) return;
            activation.State = ActivationState.Invalid;
            _activation = null;
            // Ticks belong to the activation; only requests outlive it.
            Forget(static w => w is not Message || w.IsDone);
            if (movedTo is not null && TryActivate(movedTo, moved, null)) return;
            if (_waiting.TryPeek(out var first)) directory.Place(this, (Message)first);
            else Close();
        }
    }

    /// <summary>The activation is no more, from one moment to the next.</summary>
    public void Kill(Activation activation, Exception exception)
    {
        Work[] lost;
        lock (_gate)
        {
            if (_activation != activation) return;
            activation.State = ActivationState.Invalid;
            _activation = null;
            lost = [.. _running, .. _waiting];
            _running.Clear();
            _waiting.Clear();
            Close();
        }
        foreach (var work in lost) work.Fail(exception);
    }

    private void Close()
    {
        _closed = true;
        directory.Remove(this);
    }

    private void BeginEnd(Activation activation)
    {
        activation.BeginEnd();
        if (_running.Count == 0) activation.End();
    }

    private void Forget(Predicate<Work> condition)
    {
        Work[] kept = [.. _waiting.Where(w => !condition(w))];
        _waiting.Clear();
        foreach (var work in kept) _waiting.Enqueue(work);
    }

    private bool Blocks(Work work) => !work.Interleaves && !grainClass.Reentrant;

    private bool MayRun(Work work) => !Blocks(work) || _blocking == 0 || (_blockingReadOnly && work.ReadOnly);

    // While the activation is valid only what blocks waits: the rest has started when it came.
    private void Admit(Work work)
    {
        if (_activation is { State: ActivationState.Valid } activation && MayRun(work)) Run(activation, work);
        else _waiting.Enqueue(work);
    }

    private void RunNext(Activation activation)
    {
        while (_waiting.TryPeek(out var next) && (next.IsDone || MayRun(next))) Run(activation, _waiting.Dequeue());
    }

    private void Run(Activation activation, Work work)
    {
        if (work.IsDone) return;
        var blocks = Blocks(work);
        _running.Add(work);
        if (blocks && _blocking++ == 0) _blockingReadOnly = work.ReadOnly;
        if (work.KeepsAlive) activation.Touch();
        activation.Scheduler.Enqueue(() => _ = RunAsync(activation, work, blocks));
    }

    private async Task RunAsync(Activation activation, Work work, bool blocks)
    {
        await work.RunAsync(activation);
        lock (_gate)
        {
            if (!_running.Remove(work)) return;
            if (blocks) _blocking--;
            if (work.KeepsAlive) activation.Touch();
            if (activation.State == ActivationState.Deactivating && _running.Count == 0) activation.End();
            else if (activation.State == ActivationState.Valid) RunNext(activation);
        }
    }
}
