using System.Diagnostics;

namespace Orleans.Runtime;

/// <summary>One call on its way to a grain, until it is answered, fails, times out or is cancelled, whichever is first.</summary>
internal abstract class Message : Work
{
    private readonly CancellationToken _token;
    private readonly CancellationTokenSource? _calleeToken;
    private CancellationTokenRegistration _registration;
    private ITimer? _timeout;
    private Activation? _runsOn;
    private volatile bool _cancelled;
    private int _done;

    protected Message(MethodPlan plan, GrainReference target, CallSource source, object?[] arguments)
    {
        (Plan, Target, Source, Arguments) = (plan, target, source, arguments);
        (Interleaves, ReadOnly) = (plan.AlwaysInterleave, plan.ReadOnly);
        SourceId = RuntimeContext.Current?.GrainId;
        Context = RequestContext.Export();
        Trace = Activity.Current;
        if (plan.TokenIndex < 0 || arguments[plan.TokenIndex] is not CancellationToken { CanBeCanceled: true } token) return;
        // The callee gets a token of its own, so that what it registers runs as its own turn.
        (_token, _calleeToken) = (token, new CancellationTokenSource());
        Arguments = (object?[])arguments.Clone();
        Arguments[plan.TokenIndex] = _calleeToken.Token;
    }

    public MethodPlan Plan { get; }

    public GrainReference Target { get; }

    public CallSource Source { get; }

    public GrainId? SourceId { get; }

    public object?[] Arguments { get; }

    public Dictionary<string, object>? Context { get; }

    private Activity? Trace { get; }

    public override bool IsDone => Volatile.Read(ref _done) != 0 && !Plan.OneWay;

    /// <summary>Lets the call end by its deadline or by its token. False where it has already.</summary>
    public bool Arm(TimeSpan timeout)
    {
        if (Plan.OneWay) Complete(null);
        else if (timeout != Timeout.InfiniteTimeSpan)
            _timeout = Source.Time.CreateTimer(static m => ((Message)m!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);
        if (_calleeToken is not null) _registration = _token.UnsafeRegister(static m => ((Message)m!).OnCancelled(), this);
        if (IsDone) Release();
        return !IsDone;
    }

    public sealed override async Task RunAsync(Activation activation)
    {
        Volatile.Write(ref _runsOn, activation);
        Interlocked.MemoryBarrier();
        if (_cancelled) _calleeToken!.Cancel();
        RequestContext.Import(Context);
        Activity.Current = Trace;
        try
        {
            for (var i = 0; i < Arguments.Length; i++) Arguments[i] = GrainReference.Received(Arguments[i], activation.Silo);
            var target = Plan.IsForStreams ? activation.Streams : activation.GrainInstance!;
            var filtered = activation.Silo.IncomingFilters.Length > 0 || target is IIncomingGrainCallFilter;
            Complete(filtered ? await IncomingCall.RunAsync(this, activation, target) : await Plan.InvokeAsync(target, Arguments));
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    public sealed override void Fail(Exception exception)
    {
        if (!TakeDone()) return;
        if (exception is OperationCanceledException cancelled) SetCancelled(cancelled.CancellationToken);
        else SetFailed(exception);
    }

    private void Complete(object? result)
    {
        if (TakeDone()) SetResult(GrainReference.Received(result, Source));
    }

    /// <summary>The answer, once there is one.</summary>
    public abstract Task<object?> AnswerAsync();

    protected abstract void SetResult(object? result);

    protected abstract void SetFailed(Exception exception);

    protected abstract void SetCancelled(CancellationToken token);

    private bool TakeDone()
    {
        if (Interlocked.Exchange(ref _done, 1) != 0) return false;
        Release();
        return true;
    }

    private void Release()
    {
        _timeout?.Dispose();
        // Not waited for: this may run inside the registration's own callback.
        _registration.Unregister();
    }

    private void OnTimeout() =>
        Fail(new TimeoutException($"Response did not arrive on time in {Plan.ResponseTimeout ?? Source.ResponseTimeout} for message: {this}."));

    private void OnCancelled()
    {
        _cancelled = true;
        Interlocked.MemoryBarrier();
        var runsOn = Volatile.Read(ref _runsOn);
        Fail(new OperationCanceledException(_token));
        runsOn?.Scheduler.Enqueue(_calleeToken!.Cancel);
    }

    public override string ToString() => $"{Plan.InterfaceName}.{Plan.Method.Name} to {Target.GrainId}";
}

internal sealed class Message<T>(MethodPlan plan, GrainReference target, CallSource source, object?[] arguments)
    : Message(plan, target, source, arguments)
{
    // Asynchronously: a caller's code must not run inside the callee's turn.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Answer => _answer.Task;

    public override async Task<object?> AnswerAsync() => await Answer;

    protected override void SetResult(object? result) => _answer.TrySetResult((T)result!);

    protected override void SetFailed(Exception exception) => _answer.TrySetException(exception);

    protected override void SetCancelled(CancellationToken token) => _answer.TrySetCanceled(token);
}
