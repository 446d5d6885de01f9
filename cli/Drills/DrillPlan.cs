using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>What a drill is to do, and what each of its silos is given. It does not know how silos are run.</summary>
internal sealed record DrillPlan
{
    // So that what is left of a cluster can hold what a lost silo held, and pools are not exactly full.
    private const double Spare = 1.25;

    /// <summary>The model's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The model's shapes.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Number of silos between rounds.</summary>
    public required int Silos { get; init; }

    /// <summary>Number of answers under way at any time.</summary>
    public required int Streams { get; init; }

    /// <summary>How often something is done to a silo.</summary>
    public required int Rounds { get; init; }

    /// <summary>What is done.</summary>
    public required DrillAction Action { get; init; }

    /// <summary>Decides prompts and, with <see cref="DrillAction.Random"/>, actions and silos.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The form of the weights; null (default): as the checkpoint is.</summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>Folder for what silo processes write to their logs; null keeps nothing. Unused where silos are in this process.</summary>
    public string? Logs { get; init; }

    /// <summary>How long nothing is done after the streams flow again. Default 1 s.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Name of the model in the cluster.</summary>
    public string ModelName => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>What is asked.</summary>
    public DrillWorkload Workload => field ??= new DrillWorkload(Config, Streams, Seed);

    /// <summary>How silos, and the undisturbed run, load and run the model.</summary>
    public ModelOptions Options
    {
        get => field ??= new ModelOptions
        {
            Mode = ComputeMode.Bf16,
            Quant = Quant,
            Threads = Math.Max(1, Environment.ProcessorCount / Silos),
            PinThreads = false,
            KvTokens = Math.Max(2048, (int)(Streams * Workload.LongestTokens * Spare)),
        };
        init;
    }

    /// <summary>Memory of each silo: room for the whole model, so that any of them can do without the others as far as roles allow.</summary>
    public long MemoryBytes => _memory ??= (long)(BytesOfModel() * Spare);

    /// <summary>What a silo of the drill can hold.</summary>
    public SiloCapacity Capacity(DrillSilo silo) =>
        SiloCapacity.FromDevice(silo.Name, DeviceCatalog.Get("cpu"), memoryBytes: MemoryBytes) with { Role = silo.Role };

    /// <summary>True where these silos can hold the model.</summary>
    public bool Fits(IEnumerable<DrillSilo> silos)
    {
        SiloCapacity[] capacities = [.. silos.Select(Capacity)];
        return capacities.Length > 0 && PartitionPlan.Create(Config, capacities, PlanFor()).Fits;
    }

    private long? _memory;

    private PlanOptions PlanFor() => new() { MinKvTokens = Options.KvTokens, Mode = Options.Mode, Quant = Options.Quant };

    private long BytesOfModel()
    {
        SiloCapacity all = new() { Name = "all", MemoryBytes = 1L << 50, MemoryBandwidth = 1e9 };
        PartitionPlan plan = PartitionPlan.Create(Config, [all], PlanFor());
        return plan.Silos[0].WeightBytes + (plan.KvBytesPerToken * Options.KvTokens);
    }
}
