using HunyuanOrleans.Embedded;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime;

/// <summary>A logical silo: its services, its activations, its end.</summary>
internal sealed class SiloCore : CallSource, ILocalSiloDetails
{
    private readonly ServiceProvider _services;
    private readonly Lock _gate = new();
    private readonly HashSet<Activation> _activations = [];
    private readonly IHostedService[] _hosted;
    private readonly ITimer _collector;
    private int _stopping;

    public SiloCore(EmbeddedCluster cluster, SiloAddress address, string name, Action<ISiloBuilder> configure) : base(cluster)
    {
        (Address, Name, Workers) = (address, name, new(this));
        var builder = new Builder();
        var services = builder.Services;
        services.AddSingleton(cluster);
        services.AddSingleton<ILocalSiloDetails>(this);
        services.AddSingleton<IClusterMembershipService>(cluster.Membership);
        services.AddSingleton<IClusterClient>(_ => new ClusterClient(this));
        services.AddSingleton<IGrainFactory>(s => s.GetRequiredService<IClusterClient>());
        services.AddPlacementDirector<RandomPlacement, RandomDirector>();
        services.AddPlacementDirector<PreferLocalPlacement, PreferLocalDirector>();
        services.AddPlacementDirector<HashBasedPlacement, HashDirector>();
        configure(builder);
        AddCommon(services);
        Use<SiloMessagingOptions>(_services = services.BuildServiceProvider());
        IncomingFilters = [.. Services.GetServices<IIncomingGrainCallFilter>()];
        Metadata = SiloMetadata.Of(Services.GetServices<Dictionary<string, string>>());
        _hosted = [.. Services.GetServices<IHostedService>()];
        var every = Services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value.CollectionQuantum;
        _collector = Time.CreateTimer(static s => ((SiloCore)s!).Collect(), this, every, every);
    }

    public SiloAddress Address { get; }

    public string Name { get; }

    public SiloStatus Status { get; private set; } = SiloStatus.Joining;

    public StatelessWorkers Workers { get; }

    public IIncomingGrainCallFilter[] IncomingFilters { get; }

    public SiloMetadata Metadata { get; }

    public override SiloCore Silo => this;

    public override string? Unavailable => Status == SiloStatus.Dead ? $"Silo {Name} ({Address}), where the call was made, is gone." : null;

    public int ActivationCount
    {
        get { lock (_gate) return _activations.Count; }
    }

    string ILocalSiloDetails.ClusterId => "embedded";

    SiloAddress ILocalSiloDetails.SiloAddress => Address;

    public static void AddCommon(IServiceCollection services)
    {
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.TryAdd(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(Logger<>)));
    }

    public async Task StartHostedAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _hosted) await service.StartAsync(cancellationToken);
    }

    public Activation? TryCreate(Mailbox mailbox)
    {
        lock (_gate)
        {
            if (Status != SiloStatus.Active) return null;
            var activation = new Activation(mailbox, this);
            _activations.Add(activation);
            return activation;
        }
    }

    public void Remove(Activation activation)
    {
        lock (_gate) _activations.Remove(activation);
    }

    /// <summary>Sets the status; false where it is that, or later, already.</summary>
    public bool TrySetStatus(SiloStatus status)
    {
        lock (_gate)
        {
            if (Status >= status) return false;
            Status = status;
        }
        Cluster.Membership.Set(Address, status, Name);
        return true;
    }

    /// <summary>True the first time.</summary>
    public bool TryBeginStop() => Interlocked.Exchange(ref _stopping, 1) == 0;

    /// <summary>Ends hosted services, the last first.</summary>
    public async Task StopHostedAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _hosted.Reverse()) await StopAsync(service, cancellationToken);
    }

    /// <summary>Ends activations in order, each as soon as what it runs is done.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        DeactivationReason reason = new(DeactivationReasonCode.ShuttingDown, "The silo is stopping.");
        var ending = Activations();
        foreach (var activation in ending) activation.Deactivate(reason, cancellationToken);
        await Task.WhenAll(ending.Select(static a => a.Deactivated)).WaitAsync(cancellationToken);
    }

    public async ValueTask CleanUpAsync()
    {
        await _collector.DisposeAsync();
        await _services.DisposeAsync();
    }

    /// <summary>Ends everything at once; the status is dead already.</summary>
    public void Kill()
    {
        _collector.Dispose();
        var lost = new SiloUnavailableException($"The target silo {Name} ({Address}) became unavailable.");
        foreach (var activation in Activations()) activation.Kill(lost);
        // Nobody can end their threads; they are told, and not waited for.
        foreach (var service in _hosted) _ = Task.Run(() => StopAsync(service, new CancellationToken(canceled: true)));
    }

    // A service that fails to stop must not keep the silo from stopping.
    private async Task StopAsync(IHostedService service, CancellationToken cancellationToken)
    {
        try
        {
            await service.StopAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Services.GetRequiredService<ILogger<SiloCore>>().LogError(exception, "{Service} of silo {Silo} failed to stop.", service.GetType(), Name);
        }
    }

    private Activation[] Activations()
    {
        lock (_gate) return [.. _activations];
    }

    private void Collect()
    {
        var now = Time.GetTimestamp();
        foreach (var activation in Activations()) activation.CollectIfIdle(now);
    }
}
