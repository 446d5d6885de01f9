using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>What is simulated: the silos, their devices and links, the load, and what happens to silos.</summary>
internal sealed record SimulationPlan : IClusterPlan
{
    // Spare positions, so that blocks that are only partly filled fit too.
    private const double KvMargin = 1.1;
    private const int MinKvTokens = 4096;

    // The longest timeout that silos can be set to.
    private const double MaxProbeSeconds = 60;

    // A silo that stops waits until others have loaded its share.
    private const double GraceSeconds = 100;

    /// <summary>A folder with the model's config.json.</summary>
    public required string Folder { get; init; }

    /// <summary>The model's name on the cluster.</summary>
    public required string ModelName { get; init; }

    /// <summary>The model's config.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Number of silos.</summary>
    public required int Silos { get; init; }

    /// <summary>The device of each silo: a name of the catalogue or the speeds of a device, without the prefix of simulated devices.</summary>
    public required string Device { get; init; }

    /// <summary>The numbers of streams, one run for each.</summary>
    public required IReadOnlyList<int> Streams { get; init; }

    /// <summary>Tokens of each prompt.</summary>
    public required int Prompt { get; init; }

    /// <summary>Tokens of each answer.</summary>
    public required int Answer { get; init; }

    /// <summary>What happens to silos in the last run.</summary>
    public IReadOnlyList<SimulationEvent> Events { get; init; } = [];

    /// <summary>Simulated time after which a silo that was ended starts again under its name; null: never.</summary>
    public TimeSpan? RestartAfter { get; init; }

    /// <summary>Real seconds for each simulated second.</summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>The link between silos; null for that of this machine.</summary>
    public string? Link { get; init; }

    /// <summary>Memory of a silo for weights and K/V; null for what the device has beside its buffers.</summary>
    public string? Memory { get; init; }

    /// <summary>The format of the weights; null: as the config says.</summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public KvFormat Kv { get; init; } = KvFormat.Bf16;

    /// <summary>How unevenly experts are chosen; 0: all alike.</summary>
    public double ExpertSkew { get; init; }

    /// <inheritdoc/>
    public int SilosInProcess { get; init; } = 1;

    /// <summary>Silos in each zone; 0: no zones.</summary>
    public int ZoneSize { get; init; }

    /// <inheritdoc/>
    public string? Logs { get; init; }

    /// <inheritdoc/>
    public TimeSpan StopTimeout => 2 * Grace;

    /// <inheritdoc/>
    public bool NeedsDatabase => Events.Count > 0;

    /// <summary>The model options of the silos.</summary>
    public ModelOptions Options => field ??= new ModelOptions
    {
        Mode = ComputeMode.Bf16,
        Quant = Quant,
        Kv = Kv,
        Threads = 1,
        PinThreads = false,
        KvTokens = Math.Max(MinKvTokens, (int)(Streams.Max() * (Prompt + Answer) * KvMargin)),
    };

    // Real time. Below real speed, the rest of a silo's stop still takes its time; an hour is the longest grace of a silo.
    private TimeSpan Grace => TimeSpan.FromSeconds(Math.Clamp(GraceSeconds * TimeScale, GraceSeconds, 3600));

    // Real time. A death is noticed after as many simulated seconds as real ones take on a machine of its own. Where none is expected, a silo that waits
    // for this machine's cores must not be declared dead.
    private double ProbeSeconds => Events.Count == 0 ? MaxProbeSeconds : Math.Clamp(TimeScale, 1, MaxProbeSeconds);

    /// <summary>The zone of a silo; empty if there are none.</summary>
    public string ZoneOf(DrillSilo silo) => ZoneSize == 0 ? "" : $"zone-{(silo.Number - 1) / ZoneSize}";

    /// <summary>
    /// Many processes share this machine's cores, so idle threads must not spin, and each process has a small heap. Settings of the .NET runtime.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
    };

    /// <inheritdoc/>
    public IReadOnlyList<string> Flags(DrillSilo silo)
    {
        List<string> flags =
        [
            "--model", Path.GetFullPath(Folder),
            "--model-name", ModelName,
            "--device", DeviceCatalog.SimulatedPrefix + Device,
            "--time-scale", TimeScale.ToString("R", CultureInfo.InvariantCulture),
            "--expert-skew", ExpertSkew.ToString("R", CultureInfo.InvariantCulture),
            "--kv-tokens", Options.KvTokens.ToString(CultureInfo.InvariantCulture),
            "--kv", Options.CacheFormat.Name(),
            "--shutdown-grace", Grace.TotalSeconds.ToString("R", CultureInfo.InvariantCulture),
            "--probe-timeout", ProbeSeconds.ToString("R", CultureInfo.InvariantCulture),
            "--min-silos", Silos.ToString(CultureInfo.InvariantCulture),
            "--zone", ZoneOf(silo),
        ];
        Add("--memory", Memory);
        Add("--link", Link);
        Add("--quant", Quant?.Name());
        return flags;

        void Add(string flag, string? value)
        {
            if (value is not null)
            {
                flags.AddRange([flag, value]);
            }
        }
    }
}
