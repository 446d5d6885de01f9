using HunyuanOrleans.Silo.Settings;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>What every silo is given, on either engine and whatever the clustering.</summary>
internal static class SiloContents
{
    /// <summary>Gives it to a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="settings">All settings.</param>
    public static void Add(ISiloBuilder silo, HostSettings settings)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(settings.Silo.ResponseTimeoutSeconds);
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = timeout);
    }
}
