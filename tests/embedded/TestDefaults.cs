using Microsoft.Extensions.DependencyInjection;
using HunyuanOrleans.Embedded.Tests.Grains;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.TestSupport.Cluster;

/// <summary>What every test silo has, by the calls a real silo would make.</summary>
internal static class TestDefaults
{
    public static void Apply(ISiloBuilder silo)
    {
        silo.AddMemoryGrainStorage("memory");
        silo.UseSiloMetadata(new Dictionary<string, string> { ["kind"] = "test" });
        silo.Services.AddPlacementDirector<ZonePlacement, ZoneDirector>();
        silo.Services.AddSingleton<SiloName>();
    }
}
