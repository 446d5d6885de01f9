using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.TestSupport.Cluster;

/// <summary>What every silo of these tests has.</summary>
internal static class TestDefaults
{
    public static void Apply(ISiloBuilder silo) =>
        silo.UseSiloMetadata(new Dictionary<string, string> { ["kind"] = "test" });
}
