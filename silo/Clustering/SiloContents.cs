using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Silo.Settings;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>What every silo is given, whatever the clustering.</summary>
internal static class SiloContents
{
    // The rest of the grace is for what follows: grains end, connections close.
    private const double ShareOfGraceForLeaving = 0.8;

    /// <summary>Gives it to a silo; call it last, so that what it adds stops first.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="settings">All settings.</param>
    public static void Add(ISiloBuilder silo, HostSettings settings)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(settings.Silo.ResponseTimeoutSeconds);
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = timeout);
        silo.AddHunyuan(new HunyuanSiloOptions
        {
            Models = SiloShare.Models(settings.Silo, Console.Error.WriteLine),
            Capacity = SiloShare.Capacity(settings.Silo),
            LeaveGrace = TimeSpan.FromSeconds(settings.Silo.ShutdownGraceSeconds * ShareOfGraceForLeaving),
            StepDeadline = TimeSpan.FromSeconds(settings.Silo.StepDeadlineSeconds),
            RequestDeadline = TimeSpan.FromSeconds(settings.Silo.RequestDeadlineSeconds),
            SessionIdleTime = TimeSpan.FromSeconds(settings.Silo.SessionIdleSeconds),
            RebalanceInterval = TimeSpan.FromSeconds(settings.Silo.RebalanceSeconds),
        });
    }
}
