using HunyuanOrleans.Embedded;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>Where calls come from: a silo or the client.</summary>
internal abstract class CallSource(EmbeddedCluster cluster)
{
    public EmbeddedCluster Cluster { get; } = cluster;

    public IServiceProvider Services { get; private set; } = null!;

    public IOutgoingGrainCallFilter[] OutgoingFilters { get; private set; } = [];

    public TimeSpan ResponseTimeout { get; private set; }

    public TimeProvider Time { get; private set; } = TimeProvider.System;

    /// <summary>The silo itself; null for the client.</summary>
    public virtual SiloCore? Silo => null;

    /// <summary>Null while calls may leave, else why not.</summary>
    public abstract string? Unavailable { get; }

    public void Send(Message message)
    {
        if (Unavailable is { } why) message.Fail(new SiloUnavailableException(why));
        else if (message.Arm(message.Plan.ResponseTimeout ?? ResponseTimeout)) Cluster.Directory.Post(message);
    }

    protected void Use<TOptions>(ServiceProvider services) where TOptions : MessagingOptions
    {
        Services = services;
        OutgoingFilters = [.. services.GetServices<IOutgoingGrainCallFilter>()];
        ResponseTimeout = services.GetRequiredService<IOptions<TOptions>>().Value.ResponseTimeout;
        Time = services.GetRequiredService<TimeProvider>();
    }
}
