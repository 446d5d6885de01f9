using HunyuanOrleans.Model;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>A connection to a cluster over the network: the embedded engine has none.</summary>
internal static class ClusterConnection
{
    /// <summary>Refuses.</summary>
    /// <exception cref="ModelException">Always.</exception>
    public static void Add(IServiceCollection services, HunyuanClientOptions options) => throw new ModelException(
        "A cluster over the network needs the Orleans engine, and this build has the embedded one, whose silos are all in one process. "
        + $"Build with -p:Engine=Orleans, or set {nameof(HunyuanClientOptions.ClusterClient)} to the Client of an EmbeddedCluster.");
}
