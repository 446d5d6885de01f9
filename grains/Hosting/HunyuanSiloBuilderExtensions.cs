using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>Makes a silo part of a Hunyuan cluster.</summary>
public static class HunyuanSiloBuilderExtensions
{
    /// <summary>
    /// Gives a silo the models, what it announces, and the placement of their grains. Call it last: what is registered after it stops before the
    /// silo has handed over.
    /// </summary>
    /// <exception cref="ModelException">An option is out of range.</exception>
    public static ISiloBuilder AddHunyuan(this ISiloBuilder silo, HunyuanSiloOptions options)
    {
        options.Validate();
        silo.UseSiloMetadata(options.Announcement(options.Capacity.Name));
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton<SiloLifetime>();
        silo.Services.AddSingleton<SiloNames>();
        silo.Services.AddSingleton<ModelHosts>();
        silo.Services.AddSingleton<ModelTexts>();
        silo.Services.AddSingleton<ModelRuntimes>();
        silo.Services.AddPlacementDirector<PinnedPlacement, PinnedPlacementDirector>();
        silo.Services.AddPlacementDirector<SchedulerPlacement, SchedulerPlacementDirector>();
        silo.Services.AddSingleton<IHostedService, ShareHandover>();
        return silo;
    }
}
