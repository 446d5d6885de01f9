using System.Runtime.ExceptionServices;
using Orleans.Concurrency;

namespace Orleans.Runtime;

internal enum EnumerationStatus { Items, Heartbeat, Completed, Missing, Failed, Cancelled }

/// <summary>What one step of an enumeration brought.</summary>
internal sealed record StreamPage<T>(EnumerationStatus Status, List<T> Items, Exception? Error = null);

/// <summary>The calls that an enumeration of a grain's IAsyncEnumerable is made of.</summary>
internal interface IAsyncEnumerableGrainExtension : IAddressable
{
    [AlwaysInterleave]
    Task<StreamPage<T>> StartEnumeration<T>(Guid requestId, GrainStream<T> request, CancellationToken cancellationToken);

    [AlwaysInterleave]
    Task<StreamPage<T>> MoveNext<T>(Guid requestId, CancellationToken cancellationToken);

    [AlwaysInterleave]
    Task DisposeAsync(Guid requestId);
}

/// <summary>On the caller's side: a call whose results can be enumerated, each time by calling again.</summary>
internal sealed class GrainStream<T>(StreamPlan<T> plan, GrainReference target, CallSource source, object?[] arguments) : IAsyncEnumerable<T>
{
    /// <summary>The most items fetched at once.</summary>
    public int MaxBatchSize { get; set; } = 100;

    /// <summary>On the callee's side: the grain's own enumerable, its token replaced.</summary>
    public IAsyncEnumerable<T> Invoke(object grain, CallSource receiver, CancellationToken token)
    {
        var received = Array.ConvertAll(arguments, a => GrainReference.Received(a, receiver));
        if (plan.TokenIndex >= 0) received[plan.TokenIndex] = token;
        return plan.Enumerate(grain, received);
    }

    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var argument = plan.TokenIndex >= 0 ? (CancellationToken)arguments[plan.TokenIndex]! : default;
        using var both = CancellationTokenSource.CreateLinkedTokenSource(argument, cancellationToken);
        var id = Guid.NewGuid();
        var grain = (IAsyncEnumerableGrainExtension)(object)
            GrainReference.Create(source, target.Class, target.GrainId, typeof(IAsyncEnumerableGrainExtension));
        var started = false;
        var active = false;
        try
        {
            do
            {
                both.Token.ThrowIfCancellationRequested();
                active = true;
                var page = started ? await grain.MoveNext<T>(id, both.Token) : await grain.StartEnumeration(id, this, both.Token);
                started = true;
                active = page.Status is EnumerationStatus.Items or EnumerationStatus.Heartbeat;
                foreach (var item in page.Items) yield return item;
                if (page.Status == EnumerationStatus.Missing)
                    throw new EnumerationAbortedException("Enumeration aborted: the grain ended since the enumeration began, or the enumeration was idle for too long.");
                if (page.Status == EnumerationStatus.Cancelled) throw new OperationCanceledException();
                if (page.Status == EnumerationStatus.Failed) ExceptionDispatchInfo.Throw(page.Error!);
            }
            while (active);
        }
        finally
        {
            if (active) await EndAsync(grain, id);
        }
    }

    // The grain may be gone; then there is nothing to end.
    private static async Task EndAsync(IAsyncEnumerableGrainExtension grain, Guid id)
    {
        try
        {
            await grain.DisposeAsync(id);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
        }
    }
}
