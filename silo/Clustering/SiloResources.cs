using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Silo.Settings;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>What a silo's settings mean for the plan and for the loading of its share.</summary>
internal static class SiloResources
{
    // The rest is for the program, its buffers, and the system.
    private const double ShareOfMemory = 0.8;

    /// <summary>The silo's name; by default that of the machine and its port.</summary>
    public static string Name(SiloSettings settings) => settings.Name ?? $"{Environment.MachineName}-{settings.SiloPort}";

    /// <summary>What the silo announces.</summary>
    public static SiloCapacity Capacity(SiloSettings settings) =>
        SiloCapacity.FromDevice(Name(settings), DeviceCatalog.Get(settings.Device), memoryBytes: MemoryBytes(settings)) with
        {
            Zone = settings.Zone,
            Role = settings.Role,
        };

    /// <summary>The model of the cluster; none where no folder is named.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="warn">Told what went wrong without stopping.</param>
    public static IReadOnlyList<ModelSettings> Models(SiloSettings settings, Action<string> warn) =>
        settings.Model is { Length: > 0 } folder
            ? [new() { Name = settings.ModelName ?? new DirectoryInfo(folder).Name, Directory = Path.GetFullPath(folder), Options = Loading(settings, warn) }]
            : [];

    /// <summary>How the silo loads and runs its share.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="warn">Told what went wrong without stopping.</param>
    public static ModelOptions Loading(SiloSettings settings, Action<string> warn) => new()
    {
        Quant = string.IsNullOrEmpty(settings.Quant) ? null : QuantFormats.Parse(settings.Quant),
        Threads = settings.Threads,
        PinThreads = settings.PinThreads,
        KvTokens = settings.KvTokens,
        Kv = Enum.Parse<KvFormat>(settings.Kv, ignoreCase: true),
        MaxBatchTokens = settings.MaxBatchTokens,
        PackedCache = settings.PackedCache,
        OnWarning = warn,
    };

    private static long MemoryBytes(SiloSettings settings) =>
        settings.Memory is string text
            ? MemorySize.Parse(text)!.Value
            : (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * ShareOfMemory);
}
