using HunyuanOrleans.Grains.Access;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.Grains.Models;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>Adds Hunyuan models to a silo.</summary>
public static class HunyuanSiloBuilderExtensions
{
    /// <summary>Adds the models, the rules for clients, the silo's announcement, the placement of their grains, and the propagation of traces.</summary>
    /// <exception cref="ModelException">An option is out of range, or a file of a model is missing or damaged.</exception>
    public static ISiloBuilder AddHunyuan(this ISiloBuilder silo, HunyuanSiloOptions options)
    {
        options.Validate();
        silo.AddClientAccess();
        silo.AddActivityPropagation();
        LocalAnnouncement announcement = options.CreateAnnouncement();
        silo.UseSiloMetadata(new Dictionary<string, string>(announcement.Values));
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton<SiloLifetime>();
        silo.Services.AddSingleton<LongCall>();
        silo.Services.AddSingleton<ExpertCallLimits>();
        silo.Services.AddSingleton<SentTraffic>();
        silo.Services.AddSingleton(announcement);
        silo.Services.AddSingleton<SiloNames>();
        silo.Services.AddSingleton<SiloAnnouncements>();
        silo.Services.AddSingleton<ModelAgreement>();
        silo.Services.AddHostedService(static services => services.GetRequiredService<ModelAgreement>());
        silo.Services.AddSingleton<ModelHosts>();
        silo.Services.AddSingleton<ModelTexts>();
        silo.Services.AddSingleton<ModelRuntimeFactory>();
        silo.Services.AddPlacementDirector<PinnedPlacement, PinnedPlacementDirector>();
        silo.Services.AddPlacementDirector<SchedulerPlacement, SchedulerPlacementDirector>();
        silo.Services.AddPlacementFilter<SameModelFilter, SameModelFilterDirector>(ServiceLifetime.Singleton);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ShareHandover>();
        silo.Services.AddHostedService<IdleSessionCollector>();
        silo.Services.AddHostedService<SchedulerActivator>();
        silo.Services.AddSingleton<IValidateOptions<SiloMessagingOptions>, CallTimeoutValidator>();
        silo.Services.AddOptions<SiloMessagingOptions>().ValidateOnStart();
        silo.Configure<ConnectionOptions>(static connections => connections.ConnectionsPerEndpoint = HunyuanSiloOptions.ConnectionsPerSilo);
        if (options.Link is { } link)
        {
            silo.UseLink(link.Scale(options.TimeScale));
        }

        return silo;
    }

    private static void AddClientAccess(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<RefusalLog>();
        silo.Services.AddSingleton<ClientIdentityMiddleware>();
        silo.AddIncomingGrainCallFilter<ClientCallFilter>();

        // The connection's encryption, which is configured before, is around it.
        silo.Services.AddOptions<SiloConnectionOptions>().PostConfigure<ClientIdentityMiddleware>(static (options, middleware) => middleware.Configure(options));
    }
}
