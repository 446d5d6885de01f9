namespace Orleans.Runtime;

/// <summary>On the callee's side: an activation's enumerations that are under way.</summary>
internal sealed class GrainStreams : IAsyncEnumerableGrainExtension, IAsyncDisposable
{
    private readonly Activation _activation;
    private readonly Dictionary<Guid, Enumeration> _enumerations = [];

    public GrainStreams(Activation activation)
    {
        _activation = activation;
        // An enumeration nobody asked about for a whole period was left behind by a caller that is gone.
        var period = activation.Silo.ResponseTimeout;
        activation.AddTimer(_ => ForgetUnusedAsync(), new() { DueTime = period, Period = period, Interleave = true });
    }

    public Task<StreamPage<T>> StartEnumeration<T>(Guid requestId, GrainStream<T> request, CancellationToken cancellationToken)
    {
        var cancel = new CancellationTokenSource();
        var items = request.Invoke(_activation.GrainInstance!, _activation.Silo, cancel.Token).GetAsyncEnumerator(cancel.Token);
        var enumeration = new Enumeration<T>(items, cancel, Math.Max(1, request.MaxBatchSize));
        if (!_enumerations.TryAdd(requestId, enumeration)) throw new InvalidOperationException("An enumerator with the same id already exists.");
        return ReadAsync(requestId, enumeration, cancellationToken);
    }

    public Task<StreamPage<T>> MoveNext<T>(Guid requestId, CancellationToken cancellationToken) =>
        _enumerations.TryGetValue(requestId, out var found)
            ? ReadAsync(requestId, (Enumeration<T>)found, cancellationToken)
            : Task.FromResult(new StreamPage<T>(EnumerationStatus.Missing, []));

    public async Task DisposeAsync(Guid requestId)
    {
        if (_enumerations.Remove(requestId, out var enumeration)) await enumeration.EndAsync(_activation.Silo.ResponseTimeout);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _enumerations.Keys.ToArray()) await DisposeAsync(id);
    }

    private async Task<StreamPage<T>> ReadAsync<T>(Guid id, Enumeration<T> enumeration, CancellationToken cancellationToken)
    {
        StreamPage<T> page;
        enumeration.Readers++;
        enumeration.Used = true;
        try
        {
            // Half the time a caller would wait; then a heartbeat tells it that all is well.
            using var patience = new CancellationTokenSource(_activation.Silo.ResponseTimeout / 2, _activation.Silo.Time);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _activation.Ending, patience.Token);
            page = await enumeration.ReadAsync(any.Token);
        }
        catch (OperationCanceledException)
        {
            page = new(EnumerationStatus.Cancelled, []);
        }
        catch (Exception exception)
        {
            page = new(EnumerationStatus.Failed, [], exception);
        }
        enumeration.Readers--;
        if (page.Status is not (EnumerationStatus.Items or EnumerationStatus.Heartbeat)) await DisposeAsync(id);
        return page;
    }

    private async Task ForgetUnusedAsync()
    {
        foreach (var (id, enumeration) in _enumerations.ToArray())
        {
            if (!enumeration.Used && enumeration.Readers == 0) await DisposeAsync(id);
            enumeration.Used = false;
        }
    }

    private abstract class Enumeration
    {
        public int Readers { get; set; }

        public bool Used { get; set; }

        public abstract Task EndAsync(TimeSpan patience);
    }

    private sealed class Enumeration<T>(IAsyncEnumerator<T> items, CancellationTokenSource cancel, int maxBatch) : Enumeration
    {
        private Task<bool>? _next;

        /// <summary>What is ready now or else, within the token's time, the next item.</summary>
        public async Task<StreamPage<T>> ReadAsync(CancellationToken token)
        {
            List<T> ready = [];
            while (ready.Count < maxBatch)
            {
                _next ??= items.MoveNextAsync().AsTask();
                if (!_next.IsCompleted)
                {
                    if (ready.Count > 0) break;
                    await ((Task)_next).WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                    if (!_next.IsCompleted) return new(EnumerationStatus.Heartbeat, []);
                }
                // A failure is told after the items before it.
                if (!_next.IsCompletedSuccessfully && ready.Count > 0) break;
                var more = await _next;
                _next = null;
                if (!more) return new(EnumerationStatus.Completed, ready);
                ready.Add(items.Current);
            }
            return new(EnumerationStatus.Items, ready);
        }

        public override async Task EndAsync(TimeSpan patience)
        {
            const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;
            await cancel.CancelAsync();
            if (_next is { } next) await ((Task)next).WaitAsync(patience).ConfigureAwait(Quietly);
            if (_next is null or { IsCompleted: true }) await items.DisposeAsync().AsTask().WaitAsync(patience).ConfigureAwait(Quietly);
        }
    }
}
