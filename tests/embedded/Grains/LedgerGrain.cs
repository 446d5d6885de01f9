using System.Collections.Concurrent;

namespace HunyuanOrleans.Embedded.Tests.Grains;

/// <summary>Which activations of a test there are, as they themselves say.</summary>
public sealed class Ledger
{
    private static readonly ConcurrentDictionary<string, Ledger> All = new();
    private readonly ConcurrentDictionary<string, Where> _live = new();
    private readonly ConcurrentDictionary<SiloAddress, bool> _killed = new();

    public ConcurrentQueue<string> Doubles { get; } = new();

    public int LiveCount => _live.Values.Count(w => !_killed.ContainsKey(w.Silo));

    public static Ledger Of(string test) => All.GetOrAdd(test, static _ => new());

    public void Killing(SiloAddress silo) => _killed[silo] = true;

    public void Came(string key, Where where) => _live.AddOrUpdate(key, where, (_, other) =>
    {
        // A turn that was being run when its silo was killed may still say that it came.
        if (_killed.ContainsKey(where.Silo)) return other;
        if (!_killed.ContainsKey(other.Silo)) Doubles.Enqueue($"{key}: {where} beside {other}");
        return where;
    });

    public void Went(string key, Where where) => _live.TryRemove(new(key, where));
}

[GenerateSerializer]
public sealed class Tally
{
    [Id(0)]
    public int Count { get; set; }
}

public interface ILedgerGrain : IGrainWithStringKey
{
    Task<int> BumpAsync();

    Task<int> CountAsync();
}

/// <summary>Counts, stores the count, and tells the ledger that it is there. The key is "test/number".</summary>
[Orleans.Placement.RandomPlacement]
public sealed class LedgerGrain(SiloName silo, IGrainContext context, [PersistentState("tally", "memory")] IPersistentState<Tally> tally) : Grain, ILedgerGrain
{
    private string Key => this.GetPrimaryKeyString();

    private Ledger Ledger => Ledger.Of(Key.Split('/')[0]);

    private Where Where => new(silo.Address, context.ActivationId.ToString());

    public async Task<int> BumpAsync()
    {
        tally.State.Count++;
        await Task.Yield();
        await tally.WriteStateAsync();
        return tally.State.Count;
    }

    public Task<int> CountAsync() => Task.FromResult(tally.State.Count);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Ledger.Came(Key, Where);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Ledger.Went(Key, Where);
        return Task.CompletedTask;
    }
}
