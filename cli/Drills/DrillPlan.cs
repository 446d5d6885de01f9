using System.Globalization;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>The actions of a drill, and the model and options of its silos. Does not know how silos are started.</summary>
internal sealed record DrillPlan : IClusterPlan
{
    // Spare memory, so that the remaining silos can hold the part of a lost one, and K/V pools are not exactly full.
    private const double MemoryFactor = 1.25;

    /// <summary>The model folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The model's config.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Number of silos between rounds.</summary>
    public required int Silos { get; init; }

    /// <summary>Number of answers that are generated at the same time.</summary>
    public required int Streams { get; init; }

    /// <summary>How often the action is done.</summary>
    public required int Rounds { get; init; }

    /// <summary>The action of each round.</summary>
    public required DrillAction Action { get; init; }

    /// <summary>The seed of prompts and, with <see cref="DrillAction.Random"/>, of actions and silos. The default is 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The format of the weights. The default, null, is the format of the checkpoint.</summary>
    public QuantFormat? Quant { get; init; }

    /// <inheritdoc/>
    public MembershipKind? Membership { get; init; }

    /// <inheritdoc/>
    public string? Logs { get; init; }

    /// <summary>How long the drill waits after the streams have continued. The default is 1 s.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The model's name on the cluster: the name of its folder.</summary>
    public string ModelName => NameOf(Folder);

    /// <summary>The requests.</summary>
    public DrillWorkload Workload => field ??= new DrillWorkload(Config, Streams, Seed);

    /// <summary>The model options of the silos and of the undisturbed run.</summary>
    public ModelOptions Options
    {
        get => field ??= new ModelOptions
        {
            Mode = ComputeMode.Bf16,
            Quant = Quant,
            Threads = Math.Max(1, Environment.ProcessorCount / Silos),
            PinThreads = false,
            KvTokens = Math.Max(2048, (int)(Streams * Workload.LongestTokens * MemoryFactor)),
        };
        init;
    }

    /// <summary>Memory of each silo in bytes. It has room for the whole model, so that a single silo is enough as far as roles allow.</summary>
    public long MemoryBytes => _memory ??= (long)(ModelBytes() * MemoryFactor);

    /// <summary>The capacity of a silo.</summary>
    public SiloCapacity Capacity(DrillSilo silo) =>
        SiloCapacity.FromDevice(silo.Name, DeviceCatalog.Get("cpu"), memoryBytes: MemoryBytes) with { Role = silo.Role };

    /// <inheritdoc/>
    public bool NeedsDatabase => Silos == 1 && Action != DrillAction.Join;

    /// <inheritdoc/>
    public IReadOnlyList<string> Flags(DrillSilo silo)
    {
        List<string> flags =
        [
            "--model", Path.GetFullPath(Folder),
            "--model-name", ModelName,
            "--memory", Text(MemoryBytes),
            "--threads", Text(Options.Threads),
            "--pin-threads", Options.PinThreads ? "true" : "false",
            "--kv-tokens", Text(Options.KvTokens),
            "--kv", Options.CacheFormat.Name(),
            "--max-batch-tokens", Text(Options.MaxBatchTokens),
        ];
        if (Options.Quant is { } quant)
        {
            flags.AddRange(["--quant", quant.Name()]);
        }

        if (Options.PackedCache is { } packed)
        {
            flags.AddRange(["--packed-cache", packed]);
        }

        return flags;
    }

    /// <summary>The name of a model: that of its folder.</summary>
    public static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>Whether these silos can hold the model.</summary>
    public bool Fits(IEnumerable<DrillSilo> silos)
    {
        SiloCapacity[] capacities = [.. silos.Select(Capacity)];
        return capacities.Length > 0 && PartitionPlan.Create(Config, capacities, CreatePlanOptions()).Fits;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private long? _memory;

    private PlanOptions CreatePlanOptions() => new() { MinKvTokens = Options.KvTokens, Mode = Options.Mode, Quant = Options.Quant };

    private long ModelBytes()
    {
        SiloCapacity all = new() { Name = "all", MemoryBytes = 1L << 50, MemoryBandwidth = 1e9 };
        PartitionPlan plan = PartitionPlan.Create(Config, [all], CreatePlanOptions());
        return plan.Silos[0].WeightBytes + (plan.KvBytesPerToken * Options.KvTokens);
    }
}
