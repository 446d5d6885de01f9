using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>The models and the capacity of a silo, and its timeouts.</summary>
public sealed record HunyuanSiloOptions
{
    /// <summary>The range of <see cref="TimeScale"/>.</summary>
    public const double MinTimeScale = 0.001, MaxTimeScale = 1000;

    /// <summary>The largest <see cref="MessageBytes"/>: with all else in a message it stays below the 100 MiB that Orleans allows.</summary>
    public const int MaxMessageBytes = 64 << 20;

    /// <summary>Connections to each other silo. Calls take turns on them, so that small ones need not wait behind a large one.</summary>
    public const int ConnectionsPerSilo = 4;

    /// <summary>Messages of the size <see cref="MessageBytes"/> that one call moves at most: rows there and back, or KV blocks.</summary>
    internal const int MessagesPerCall = 2;

    /// <summary>The models the cluster serves; the same on every silo. Default none.</summary>
    public IReadOnlyList<ModelSettings> Models { get; init; } = [];

    /// <summary>
    /// Memory and speed of the silo, which determine its share of the model. The name in it is not used: the silo has its own.
    /// </summary>
    public required SiloCapacity Capacity { get; init; }

    /// <summary>
    /// How long a step may fail, over all attempts, before its requests end with an error. Default 60 s. A lower value gives up sooner. The time that
    /// loading takes at the speed of the silos does not count. It must be longer than a silo takes to load one piece.
    /// </summary>
    public TimeSpan StepDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a router waits for an expert call before it calls again, and a silo for KV blocks, beside the time for their bytes. Default 10 s. A lower
    /// value finds lost messages sooner. It must be longer than the slowest expert takes for the largest batch, and with the time for the largest messages
    /// shorter than the response timeout of calls.
    /// </summary>
    public TimeSpan ExpertCallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Number of times a router repeats an expert call. Default 2, with exponential backoff.</summary>
    public int ExpertCallRetries { get; init; } = 2;

    /// <summary>
    /// How often the scheduler asks the shards for an overdue step. Default 250 ms: a lost step or silo is found after about three times as long. A lower
    /// value finds it sooner and costs more calls.
    /// </summary>
    public TimeSpan StepProbeInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Number of usable silos that the first plan waits for, while no silo holds any part of the model. Default 1. With the number of silos that are started
    /// together, each loads its final share at once; with less, the first ones load shares that they pass on to the others.
    /// </summary>
    public int MinSilos { get; init; } = 1;

    /// <summary>How long membership changes are collected before the next plan is made. Default 100 ms. A higher value plans less often.</summary>
    public TimeSpan PlanDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a silo keeps the block table of a session without a step. Default 10 minutes. A lower value frees memory sooner.</summary>
    public TimeSpan SessionIdleTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a stopping silo waits for other silos to take its share over, beside twice the time in which the share was loaded here. Default 30 s. A higher
    /// value waits longer for silos that load more slowly than this one.
    /// </summary>
    public TimeSpan LeaveGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it waits at most, however large the share is. Default one day, so that the share decides.</summary>
    public TimeSpan LeaveLimit { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Most bytes of rows or KV blocks in one message between silos; more are sent in several. Default 4 MiB, at least one row and one block. A higher
    /// value makes fewer calls; a lower one lets small messages overtake sooner.
    /// </summary>
    public int MessageBytes { get; init; } = 4 << 20;

    /// <summary>Messages of that size on their way to one silo at once, for a step and for moving KV each. Default 2. More fill a fast network, and need memory.</summary>
    public int MessagesInFlight { get; init; } = 2;

    /// <summary>
    /// Bytes per second of the slowest network between silos that counts as working. Default 10 MB/s. Calls get as much more time as their bytes take at
    /// this speed. A lower value waits longer before a call counts as lost.
    /// </summary>
    public double SlowestNetwork { get; init; } = 10e6;

    /// <summary>
    /// Slows the connections to other silos as a network of this speed would, so that a large cluster on one machine behaves like one on several. The same
    /// on every silo. Default null: connections are as fast as they are.
    /// </summary>
    public LinkSpeed? Link { get; init; }

    /// <summary>
    /// How long simulated things take, as a factor: 0.1 makes them ten times faster, 10 ten times slower. Default 1: real time. It does not change what is
    /// not simulated.
    /// </summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>
    /// Called on the device's thread when a device cannot compute any more, as a GPU after a fault, with the reason. Default null: the silo stays in the
    /// cluster and every step that needs it fails. A process that ends instead is replaced by the other silos.
    /// </summary>
    public Action<string>? DeviceLost { get; init; }

    /// <summary>
    /// Most bytes of adapters in the silo's memory, beside the capacity's memory. Default 0: the silo computes no adapters. With less, adapters are dropped and
    /// loaded again more often.
    /// </summary>
    public long AdapterBytes { get; init; }

    /// <summary>How often the load of experts is collected to replicate hot ones. Default zero: never.</summary>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.Zero;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        foreach (ModelSettings model in Models)
        {
            model.Validate();
            CheckAdapters(model);
        }

        if (Models.Select(static m => m.Name).Distinct(StringComparer.Ordinal).Count() != Models.Count)
        {
            throw new ModelException("Two models have the same name; allowed: names that differ.");
        }

        if (AdapterBytes < 0)
        {
            throw new ModelException($"{nameof(AdapterBytes)} is {AdapterBytes}; allowed: 0 or more.");
        }

        Positive(nameof(StepDeadline), StepDeadline);
        Positive(nameof(ExpertCallTimeout), ExpertCallTimeout);
        Positive(nameof(StepProbeInterval), StepProbeInterval);
        Positive(nameof(SessionIdleTime), SessionIdleTime);
        Positive(nameof(LeaveGrace), LeaveGrace);
        Positive(nameof(LeaveLimit), LeaveLimit);
        Within(nameof(MessageBytes), MessageBytes, 1, MaxMessageBytes);
        Within(nameof(MessagesInFlight), MessagesInFlight, 1, 64);
        Within(nameof(SlowestNetwork), SlowestNetwork, 1000, 1e12);
        foreach (ModelSettings model in Models)
        {
            CheckMessages(model);
        }

        if (TimeScale is not (>= MinTimeScale and <= MaxTimeScale))
        {
            throw new ModelException(FormattableString.Invariant($"{nameof(TimeScale)} is {TimeScale}; allowed: {MinTimeScale} to {MaxTimeScale}."));
        }

        if (MinSilos < 1)
        {
            throw new ModelException($"{nameof(MinSilos)} is {MinSilos}; allowed: 1 or more.");
        }

        if (ExpertCallRetries is < 0 or > 10)
        {
            throw new ModelException($"{nameof(ExpertCallRetries)} is {ExpertCallRetries}; allowed: 0 to 10.");
        }
    }

    /// <summary>How long bytes take on the slowest network that counts as working.</summary>
    internal TimeSpan TransferTime(long bytes) => TimeSpan.FromSeconds(bytes / SlowestNetwork);

    /// <summary>How long a call with so many bytes, there and back, may take before it counts as lost.</summary>
    internal TimeSpan CallTimeout(long bytes) => ExpertCallTimeout + TransferTime(bytes);

    /// <summary>The longest of them: the largest messages of a call, behind those of others.</summary>
    internal TimeSpan LongestCallTimeout => CallTimeout((long)MessagesPerCall * MessageBytes * MessagesInFlight);

    /// <summary>The properties that the silo announces. It reads every model's files.</summary>
    /// <exception cref="ModelException">A file of a model is missing, damaged or unreadable.</exception>
    /// <exception cref="TextException">A file of a tokenizer or template is damaged or unreadable.</exception>
    internal LocalAnnouncement CreateAnnouncement()
    {
        Dictionary<string, string> formats = Models.ToDictionary(static model => model.Name, static model => model.Format(ModelConfig.Load(model.Directory)));
        return new LocalAnnouncement(SiloAnnouncement.Of(
            Capacity, Kind(), formats, Models.ToDictionary(static model => model.Name, model => ModelIdentity.Of(model, formats[model.Name], Capacity.Role))));
    }

    // The files are read with the announcement.
    private void CheckAdapters(ModelSettings model)
    {
        foreach (string name in model.Adapters.Keys)
        {
            if (AdapterNames.WhyNot(name) is { } wrong)
            {
                throw new ModelException(wrong);
            }

            if (Models.Any(other => other.Name == name))
            {
                throw new ModelException($"An adapter is named '{name}' like a model; allowed: another name.");
            }
        }

        if (model.Adapters.Count > 0 && (model.AdapterRefusal ?? (AdapterBytes == 0 ? "There is no memory for adapters." : null)) is { } refusal)
        {
            throw new ModelException(refusal);
        }
    }

    private string Kind() => Models.Count > 0 ? Models[0].Kind : InstructionSets.BitsOf(InstructionSets.Choose());

    // The smallest parts that are not divided.
    private void CheckMessages(ModelSettings model)
    {
        ModelConfig config = ModelConfig.Load(model.Directory);
        long row = (long)config.HiddenSize * sizeof(float), block = model.Options.CacheFormat.BlockBytes(config);
        if (Math.Max(row, block) > MessageBytes)
        {
            throw new ModelException(
                $"{nameof(MessageBytes)} is {MessageBytes}; model {model.Name} has rows of {row} bytes and KV blocks of {block}; allowed: the larger of them to {MaxMessageBytes}.");
        }
    }

    private static void Within(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            throw new ModelException(FormattableString.Invariant($"{name} is {value}; allowed: {least} to {most}."));
        }
    }

    private static void Positive(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero)
        {
            throw new ModelException($"{name} is {value}; allowed: more than zero.");
        }
    }
}

/// <summary>One model of the cluster.</summary>
public sealed record ModelSettings
{
    /// <summary>The name that requests use.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of the model's files; every silo needs them.</summary>
    public required string Directory { get; init; }

    /// <summary>How the model is loaded. KvTokens, Kv, MaxBatchTokens, MaxLogitRows, MaxModelLength, Mode and Quant must be the same on every silo.</summary>
    public ModelOptions Options { get; init; } = new();

    /// <summary>
    /// The device that is simulated; the same on every silo. Default null: the CPU computes. A simulated device needs config.json only, and its tokens
    /// are hashes.
    /// </summary>
    public SimulationOptions? Simulation { get; init; }

    /// <summary>
    /// Whether silos with other instruction sets and kinds of devices share the model; the same on every silo. Default false, because each kind rounds
    /// in its own way: with several, the tokens of an answer depend on the silos that computed it.
    /// </summary>
    public bool MixDevices { get; init; }

    /// <summary>The adapters that requests can name instead of the model, by name: their folders. Default none. Silos may have different ones.</summary>
    public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of the scheduler and its queue.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">A value is out of range, or the folder has no config.json of a supported model.</exception>
    public void Validate()
    {
        if (!PinnedKey.CanName(Name))
        {
            throw new ModelException($"A model's name is \"{Name}\"; allowed: any text without | and @.");
        }

        if (Options.KvTokens <= 0)
        {
            throw new ModelException($"Model {Name}: KvTokens is {Options.KvTokens}; allowed: 1 or more, the same on every silo.");
        }

        Options.Validate();
        Simulation?.Validate();
        Format(ModelConfig.Load(Directory));
    }

    /// <summary>Why the device computes no adapters, as one sentence; null if it does.</summary>
    internal string? AdapterRefusal => Simulation is not null ? "A simulated device computes no adapters; allowed: a model on the CPU."
        : Options.Device is not null ? "Adapters are computed on the CPU only; allowed: a model on the CPU."
        : null;

    /// <summary>
    /// What computes: an instruction set, a kind of GPU, or "simulated". Only silos with the same one compute the same bits, and store keys and values alike.
    /// </summary>
    internal string Kind => Simulation is not null ? "simulated" : Options.Device?.Kind ?? InstructionSets.BitsOf(Options.Isa ?? InstructionSets.Choose());

    /// <summary>Opens the device that holds the silo's share of the model.</summary>
    /// <exception cref="ModelException">Config, files or options are wrong.</exception>
    internal IModelDevice OpenDevice() => Simulation is null ? ModelDevice.Open(Directory, Options) : SimulatedDevice.Open(Directory, Options, Simulation);

    /// <summary>The format of weights, keys and values, which silos compare.</summary>
    /// <exception cref="ModelException">The checkpoint is quantised in another format than the options ask for.</exception>
    internal string Format(ModelConfig config) =>
        $"{WeightTypes.Of(config, Options.Mode, Options.Quant).Name}, K/V in {Options.CacheFormat.Name()}"
        + (Options.MaxModelLength is { } length ? $", context of {length}" : "");
}
