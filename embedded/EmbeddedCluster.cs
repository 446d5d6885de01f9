using System.Collections.Concurrent;
using System.Net;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;

namespace HunyuanOrleans.Embedded;

/// <summary>
/// A cluster of logical silos in this process, on which grains written for Orleans 10 run unchanged.
/// </summary>
/// <remarks>
/// <para>It has: activations with turn-based scheduling, one of each grain in the cluster; reentrancy attributes; placement directors and
/// hints; silo metadata; membership; IAsyncEnumerable methods; cancellation and response timeouts; call filters; grain timers; states in
/// memory; migration; silos that join, stop in order, or are killed.</para>
/// <para>It is not a network engine, and differs from Orleans where that shows:</para>
/// <list type="bullet">
/// <item>Nothing is serialized or copied: arguments, results and exceptions cross silos by reference. Messages are immutable by rule.</item>
/// <item>Every silo can have every grain class. Interface versions, grain extensions, observers, reminders, streams, transactions,
/// generic grain classes, call chain reentrancy and compound keys do not exist here.</item>
/// <item>Membership is perfect: all silos see a change at the moment it happens, and a grain never has two activations on live silos.</item>
/// <item>A killed silo's turns end where they next wait: code that runs on, or awaits with ConfigureAwait(false), cannot be stopped, but its
/// grain calls fail and nobody hears its answers. The silo's services are never disposed, as in a crash.</item>
/// <item>States are kept as JSON in this process, and survive kills.</item>
/// <item>A long poll of an enumeration does not hold up deactivation; Orleans waits for it, up to half the response timeout.</item>
/// </list>
/// </remarks>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private const int FirstPort = 11111;

    private readonly Action<ISiloBuilder>? _configureSilo;
    private readonly ConcurrentDictionary<SiloAddress, EmbeddedSilo> _silos = new();
    private readonly ClientCore _client;
    private int _started;

    /// <summary>Makes a cluster without silos.</summary>
    /// <param name="configureSilo">Sets up every silo.</param>
    /// <param name="configureClient">Sets up the client.</param>
    public EmbeddedCluster(Action<ISiloBuilder>? configureSilo = null, Action<IClientBuilder>? configureClient = null)
    {
        _configureSilo = configureSilo;
        Directory = new(this);
        _client = new(this, configureClient);
        Client = _client.Services.GetRequiredService<IClusterClient>();
    }

    /// <summary>Calls from outside of the silos.</summary>
    public IClusterClient Client { get; }

    /// <summary>The silos that have not ended, in the order they came.</summary>
    public IReadOnlyList<EmbeddedSilo> Silos => [.. _silos.Values.OrderBy(static s => s.SiloAddress)];

    /// <summary>The silos there are and were, and changes of them.</summary>
    public IClusterMembershipService MembershipService => Membership;

    internal Membership Membership { get; } = new();

    internal GrainDirectory Directory { get; }

    internal MemoryStorage Storage { get; } = new();

    /// <summary>Adds a silo; it is active, and its hosted services have started, when this is done.</summary>
    /// <param name="configure">Sets it up, after what all silos are given.</param>
    /// <param name="name">Its name; silo-1 and so on where null.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    public async Task<EmbeddedSilo> AddSiloAsync(Action<ISiloBuilder>? configure = null, string? name = null, CancellationToken cancellationToken = default)
    {
        var number = Interlocked.Increment(ref _started);
        var core = new SiloCore(this, SiloAddress.New(IPAddress.Loopback, FirstPort + number, number), name ?? $"silo-{number}", builder =>
        {
            _configureSilo?.Invoke(builder);
            configure?.Invoke(builder);
        });
        var silo = new EmbeddedSilo(core);
        _silos[core.Address] = silo;
        core.TrySetStatus(SiloStatus.Active);
        try
        {
            await core.StartHostedAsync(cancellationToken);
        }
        catch
        {
            KillSilo(silo);
            throw;
        }
        return silo;
    }

    /// <summary>
    /// Stops a silo in order: its hosted services end while it is still active, it takes no new activations, what its grains run finishes, they
    /// are deactivated (or, where they ask for it in OnDeactivateAsync, moved), and requests that wait go to their successors.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="cancellationToken">Ends the patience: what is left is killed.</param>
    public async Task StopSiloAsync(EmbeddedSilo silo, CancellationToken cancellationToken = default)
    {
        if (!silo.Core.TryBeginStop()) return;
        try
        {
            await silo.Core.StopHostedAsync(cancellationToken);
            if (!silo.Core.TrySetStatus(SiloStatus.ShuttingDown)) return;
            await silo.Core.DrainAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            KillSilo(silo);
            return;
        }
        if (!silo.Core.TrySetStatus(SiloStatus.Dead)) return;
        _silos.TryRemove(silo.SiloAddress, out _);
        await silo.Core.CleanUpAsync();
    }

    /// <summary>
    /// Ends a silo as a crash would: its activations vanish without OnDeactivateAsync, calls they had fail with
    /// <see cref="SiloUnavailableException"/>, and their code does not go on.
    /// </summary>
    public void KillSilo(EmbeddedSilo silo)
    {
        if (!silo.Core.TrySetStatus(SiloStatus.Dead)) return;
        _silos.TryRemove(silo.SiloAddress, out _);
        silo.Core.Kill();
    }

    /// <summary>Stops all silos, and kills those that have not stopped within five seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await Task.WhenAll(_silos.Values.Select(silo => StopSiloAsync(silo, patience.Token)));
        await _client.DisposeAsync();
    }

    internal SiloCore? Find(SiloAddress address) => _silos.GetValueOrDefault(address)?.Core;

    internal SiloAddress[] ActiveAddresses() =>
        [.. _silos.Values.Where(static s => s.Status == SiloStatus.Active).Select(static s => s.SiloAddress).Order()];

    internal SiloCore? AnySilo() =>
        ActiveAddresses() is { Length: > 0 } active ? Find(active[Random.Shared.Next(active.Length)]) : null;
}
