using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.Silo.Settings;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>Derives from a silo's settings its name, the capacity it announces, and the options for loading its share of the model.</summary>
internal static class SiloResources
{
    // The rest is for the program, its buffers, and the system.
    private const double DefaultMemoryFraction = 0.8;

    // The rest is for kernels, descriptors of steps and partial results of attention.
    private const double GpuMemoryFraction = 0.95;

    private const string Cpu = "cpu";

    // Of the memory, the part for adapters unless a setting says otherwise.
    private const int DefaultAdapterPart = 8;

    /// <summary>The silo's name. Default: the machine's name and the silo port.</summary>
    public static string Name(SiloSettings settings) => settings.Name ?? $"{Environment.MachineName}-{settings.SiloPort}";

    /// <summary>The capacity that the silo announces to the planner. A simulated link that is slower than the device's network counts.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="gpu">The GPU that computes, from <see cref="FindGpu"/>.</param>
    public static SiloCapacity Capacity(SiloSettings settings, DeviceChoice? gpu)
    {
        DeviceProfile device = DeviceCatalog.FindSimulated(settings.Device)
            ?? (gpu is null ? DeviceCatalog.Get(settings.Device) : DeviceCatalog.Describe(gpu.Description));
        SiloCapacity capacity = SiloCapacity.FromDevice(Name(settings), device, memoryBytes: MemoryBytes(settings, gpu) - AdapterBytes(settings, gpu)) with
        {
            Device = settings.Device.ToLowerInvariant(),
            Zone = settings.Zone,
            Role = settings.Role,
        };
        return Link(settings) is { } link
            ? capacity with
            {
                NetworkLatency = Math.Max(capacity.NetworkLatency, 2 * link.Latency.TotalSeconds),
                NetworkBandwidth = Math.Min(capacity.NetworkBandwidth, link.BytesPerSecond),
            }
            : capacity;
    }

    /// <summary>Most bytes of adapters in the silo's memory. They are not announced to the planner.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="gpu">The GPU that computes, from <see cref="FindGpu"/>.</param>
    /// <exception cref="SettingsException">Nothing would be left for weights.</exception>
    public static long AdapterBytes(SiloSettings settings, DeviceChoice? gpu)
    {
        long memory = MemoryBytes(settings, gpu);
        long bytes = settings.LoraMemory is { } text ? MemorySize.Parse(text)!.Value
            : string.IsNullOrEmpty(settings.Lora) ? 0
            : Math.Min(memory / DefaultAdapterPart, AdapterStore.DefaultBudget);
        return bytes == 0 || bytes < memory ? bytes : throw new SettingsException(SettingTable.Of(typeof(SiloSettings), nameof(SiloSettings.LoraMemory))
            .Problem($"{bytes} bytes", $"less than the memory for weights, K/V and adapters together, {memory} bytes"));
    }

    /// <summary>The simulated link to other silos; null for none.</summary>
    public static LinkSpeed? Link(SiloSettings settings) => string.IsNullOrEmpty(settings.Link) ? null : LinkSpeed.Parse(settings.Link);

    /// <summary>The model of the cluster; empty if the settings name no folder.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="warn">Gets warnings of loading, such as a packed copy that cannot be written.</param>
    /// <param name="gpu">The GPU that computes, from <see cref="FindGpu"/>.</param>
    /// <exception cref="SettingsException">The buffers for a step do not fit beside the memory for weights and K/V.</exception>
    public static IReadOnlyList<ModelSettings> Models(SiloSettings settings, Action<string> warn, DeviceChoice? gpu)
    {
        if (settings.Model is not { Length: > 0 } folder)
        {
            return [];
        }

        ModelSettings model = new()
        {
            Name = settings.ModelName ?? new DirectoryInfo(folder).Name,
            Directory = Path.GetFullPath(folder),
            Options = Loading(settings, warn) with { Device = gpu },
            Engine = new EngineOptions { Scheduler = Scheduling(settings) },
            Simulation = Simulation(settings, folder),
            MixDevices = settings.MixDevices,
            Adapters = LoraList.Parse(settings.Lora)!,
        };
        CheckScratch(settings, gpu);
        return [model];
    }

    /// <summary>The options for loading and running the silo's share.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="warn">Gets warnings of loading, such as a packed copy that cannot be written.</param>
    public static ModelOptions Loading(SiloSettings settings, Action<string> warn) => new()
    {
        Quant = string.IsNullOrEmpty(settings.Quant) ? null : QuantFormats.Parse(settings.Quant),
        Threads = settings.Threads,
        PinThreads = settings.PinThreads,
        KvTokens = settings.KvTokens,
        MaxModelLength = settings.MaxModelLen > 0 ? settings.MaxModelLen : null,
        Kv = Enum.Parse<KvFormat>(settings.Kv, ignoreCase: true),
        MaxBatchTokens = settings.MaxBatchTokens,
        MaxLogitRows = MaxSequences(settings),
        StepsInFlight = settings.StepsInFlight,
        PackedCache = settings.PackedCache,
        OnWarning = warn,
    };

    /// <summary>How the scheduler fills steps: up to the sizes for which buffers are reserved.</summary>
    public static SchedulerOptions Scheduling(SiloSettings settings) => new()
    {
        MaxSequences = MaxSequences(settings),
        TokenBudget = settings.MaxBatchTokens,
        PrefillChunk = settings.MaxBatchTokens,
        DecodeSteps = settings.DecodeSteps,
        Speculation = SpeculationOptions.Parse(settings.SpeculativeTokens)!,
    };

    /// <summary>The GPU that computes; null if the CPU does.</summary>
    /// <exception cref="SettingsException">There is no such GPU, or it cannot be used.</exception>
    public static DeviceChoice? FindGpu(SiloSettings settings)
    {
        if (!CudaDeviceChoice.IsName(settings.Device))
        {
            return null;
        }

        try
        {
            return CudaDeviceChoice.Find(settings.Device);
        }
        catch (CudaException e)
        {
            throw new SettingsException(SettingTable.Of(typeof(SiloSettings), nameof(SiloSettings.Device)).Problem(
                $"{settings.Device} ({e.Message.TrimEnd('.')})", "a GPU that hunyuan devices lists as usable, or cpu"));
        }
    }

    private static int MaxSequences(SiloSettings settings) => settings.MaxSequences ?? ModelOptions.DefaultSequences(settings.MaxBatchTokens);

    // A simulated device keeps books of its buffers itself.
    private static void CheckScratch(SiloSettings settings, DeviceChoice? gpu)
    {
        bool cpu = settings.Device.Equals(Cpu, StringComparison.OrdinalIgnoreCase);
        long total = gpu?.FreeBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, memory = MemoryBytes(settings, gpu), scratch = Buffers(settings, gpu);
        if ((cpu || gpu is not null) && (memory <= 0 || scratch > total - Math.Min(memory, total)))
        {
            string owner = gpu is null ? "this machine's" : $"the free memory of {gpu.Name},";
            string problem = $"{settings.MaxBatchTokens}, and {MaxSequences(settings)} sequences: their buffers take {scratch} bytes, and {Math.Max(0, total - memory)} of {owner} "
                + $"{total} bytes are left beside {memory} for weights and K/V";
            throw new SettingsException(SettingTable.Of(typeof(SiloSettings), nameof(SiloSettings.MaxBatchTokens))
                .Problem(problem, "fewer tokens or sequences, or a smaller --memory"));
        }
    }

    private static SimulationOptions? Simulation(SiloSettings settings, string folder) => DeviceCatalog.FindSimulated(settings.Device) is not { } device ? null : new()
    {
        Hardware = device.Simulated(MemoryBytes(settings, gpu: null) + Reserved(settings, folder)),
        TimeScale = settings.TimeScale,
        ExpertSkew = settings.ExpertSkew,
    };

    private static long MemoryBytes(SiloSettings settings, DeviceChoice? gpu) =>
        settings.Memory is string text ? MemorySize.Parse(text)!.Value
        : gpu is not null ? (long)(gpu.FreeBytes * GpuMemoryFraction) - Buffers(settings, gpu)
        : DeviceCatalog.FindSimulated(settings.Device) is { } simulated ? simulated.MemoryBytes - (settings.Model is { } folder ? Reserved(settings, folder) : 0)
        : (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * DefaultMemoryFraction);

    private static long Buffers(SiloSettings settings, DeviceChoice? gpu) => settings.Model is { Length: > 0 } folder
        ? ScratchSize.Of(ModelConfig.Load(folder), Loading(settings, static _ => { }) with { Device = gpu }).Bytes
        : 0;

    // What a simulated device needs beside weights and K/V.
    private static long Reserved(SiloSettings settings, string folder) => SimulatedDevice.ReservedBytes(ModelConfig.Load(folder), Loading(settings, static _ => { }));
}
