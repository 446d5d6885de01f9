using Orleans.Configuration;
using Orleans.Hosting;

namespace HunyuanOrleans.TestSupport.Cluster;

/// <summary>What every silo of these tests has.</summary>
internal static class TestDefaults
{
    public static void Apply(ISiloBuilder silo) => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3));
}
