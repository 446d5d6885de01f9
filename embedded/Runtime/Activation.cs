using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

internal enum ActivationState { Activating, Valid, Deactivating, Invalid }

/// <summary>One activation: the grain object, its scope of services, its turns, timers and enumerations, from making to end.</summary>
internal sealed class Activation : IGrainContext, IGrainLifecycle
{
    private readonly Mailbox _mailbox;
    private readonly GrainCollectionOptions _options;
    private readonly List<IGrainMigrationParticipant> _participants = [];
    private readonly HashSet<GrainTimer> _timers = [];
    private readonly List<IPersistent> _states = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private AsyncServiceScope _scope;
    private GrainStreams? _streams;
    private MigrationRequest? _move;
    private long _keepUntil;

    public Activation(Mailbox mailbox, SiloCore silo)
    {
        (_mailbox, Silo) = (mailbox, silo);
        _options = silo.Services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value;
        _scope = silo.Services.CreateAsyncScope();
        Scheduler = new(this);
        GrainReference = GrainReference.Create(silo, mailbox.Class, mailbox.Id, mailbox.Class.Interfaces[0]);
        Touch();
    }

    private sealed record MigrationRequest(Dictionary<string, object>? Context);

    public SiloCore Silo { get; }

    public ActivationScheduler Scheduler { get; }

    /// <summary>Changed under the mailbox's lock only.</summary>
    public ActivationState State { get; set; } = ActivationState.Activating;

    public DeactivationReason? EndReason { get; set; }

    public long LastUsed { get; private set; }

    public GrainReference GrainReference { get; }

    public GrainId GrainId => _mailbox.Id;

    public object? GrainInstance { get; private set; }

    public ActivationId ActivationId { get; } = ActivationId.NewId();

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public IGrainLifecycle ObservableLifecycle => this;

    public Task Deactivated => _ended.Task;

    /// <summary>Cancelled when the activation begins to end.</summary>
    public CancellationToken Ending => _ending.Token;

    public GrainStreams Streams => _streams ??= new(this);

    private ILogger Logger => Silo.Services.GetRequiredService<ILogger<Activation>>();

    public void Start(MigrationContext? moved, Dictionary<string, object>? context) => Scheduler.Enqueue(() => _ = ActivateAsync(moved, context));

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        _mailbox.Deactivate(this, deactivationReason);

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
    {
        _move ??= new(requestContext);
        _mailbox.Deactivate(this, new(DeactivationReasonCode.Migrating, "Migrating to a new location."));
    }

    public void Touch() => LastUsed = Silo.Time.GetTimestamp();

    public void DelayDeactivation(TimeSpan time) => _keepUntil = Silo.Time.GetTimestamp() + (long)(time.TotalSeconds * Silo.Time.TimestampFrequency);

    public void CollectIfIdle(long now)
    {
        var usedBefore = now - (long)(_options.CollectionAge.TotalSeconds * Silo.Time.TimestampFrequency);
        if (!_mailbox.Class.KeepAlive && now >= _keepUntil) _mailbox.DeactivateIfIdle(this, usedBefore);
    }

    public void AddMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Add(participant);

    public void RemoveMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Remove(participant);

    public void AddState(IPersistent state) => _states.Add(state);

    public GrainTimer AddTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        if (RuntimeContext.Current != this) throw new InvalidOperationException("A grain's timer can only be made in the grain's own turns.");
        var timer = new GrainTimer(this, callback, options);
        _timers.Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void RemoveTimer(GrainTimer timer) => Scheduler.Enqueue(() => _timers.Remove(timer));

    public void Post(Work work) => _mailbox.PostOwn(this, work);

    /// <summary>Tells those who wait inside the activation for long, so that it can end.</summary>
    public void BeginEnd()
    {
        State = ActivationState.Deactivating;
        Scheduler.Enqueue(_ending.Cancel);
    }

    public void End() => Scheduler.Enqueue(() => _ = EndAsync());

    public void Kill(Exception exception)
    {
        Scheduler.Kill();
        _mailbox.Kill(this, exception);
        _ended.TrySetResult();
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override string ToString() => $"{GrainId}{ActivationId} on {Silo.Address}";

    private async Task ActivateAsync(MigrationContext? moved, Dictionary<string, object>? context)
    {
        try
        {
            RequestContext.Import(context);
            using var time = new CancellationTokenSource(_options.ActivationTimeout, Silo.Time);
            GrainInstance = _mailbox.Class.Create(this);
            if (GrainInstance is IGrainMigrationParticipant self) _participants.Add(self);
            if (moved is not null) foreach (var participant in _participants.ToArray()) participant.OnRehydrate(moved);
            foreach (var state in _states) await state.SetUpAsync();
            if (GrainInstance is IGrainBase grain) await grain.OnActivateAsync(time.Token).WaitAsync(time.Token);
            _mailbox.OnActivated(this);
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "Activating {Activation} failed.", this);
            _mailbox.FailWaiting(exception);
            await LeaveAsync(null, null);
        }
    }

    private async Task EndAsync()
    {
        SiloCore? target = null;
        MigrationContext? moved = null;
        using var time = new CancellationTokenSource(_options.DeactivationTimeout, Silo.Time);
        foreach (var timer in _timers.ToArray()) timer.Dispose();
        try
        {
            if (GrainInstance is IGrainBase grain) await grain.OnDeactivateAsync(EndReason!.Value, time.Token).WaitAsync(time.Token);
            if (_move is not null)
            {
                target = await Silo.Cluster.Directory.ChooseAsync(_mailbox, Silo, _move.Context);
                if (target == Silo) target = null;
            }
            if (target is not null)
            {
                moved = new();
                foreach (var participant in _participants.ToArray()) participant.OnDehydrate(moved);
            }
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "{Activation} did not end in order.", this);
            target = null;
        }
        await LeaveAsync(target, moved);
    }

    private async Task LeaveAsync(SiloCore? target, MigrationContext? moved)
    {
        try
        {
            if (_streams is not null) await _streams.DisposeAsync();
            if (GrainInstance is IAsyncDisposable disposable) await disposable.DisposeAsync();
            else if (GrainInstance is IDisposable simple) simple.Dispose();
            await _scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            Logger.LogError(exception, "{Activation} did not clean up.", this);
        }
        Silo.Remove(this);
        _mailbox.OnEnded(this, target, moved);
        _ended.TrySetResult();
    }
}
