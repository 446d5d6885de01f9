using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>What a silo contributes to the cluster, and how patient it is.</summary>
public sealed record HunyuanSiloOptions
{
    /// <summary>The models the cluster serves; the same on every silo. Default none.</summary>
    public IReadOnlyList<ModelSettings> Models { get; init; } = [];

    /// <summary>
    /// What the silo can hold and how fast it is; its name is taken from the silo. Shares of work follow memory and speed.
    /// </summary>
    public required SiloCapacity Capacity { get; init; }

    /// <summary>
    /// How long a step may fail, over all attempts, before the requests in it end with an error. Default 60 s. Lower gives up sooner; it must be
    /// longer than loading a lost silo's share takes, or requests fail when a silo dies.
    /// </summary>
    public TimeSpan StepDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a request may go without a new token, whatever happens, before it ends with an error. Default 120 s, longer than
    /// <see cref="StepDeadline"/>.
    /// </summary>
    public TimeSpan RequestDeadline { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// How long a router waits for one expert call before it asks again. Default 10 s. Lower finds lost messages sooner; it must be longer than the
    /// slowest expert takes for the largest batch.
    /// </summary>
    public TimeSpan ExpertCallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a router asks again. Default 2, with growing, jittered pauses.</summary>
    public int ExpertCallRetries { get; init; } = 2;

    /// <summary>
    /// How often the scheduler asks where an overdue step is. Default 250 ms: a lost step or silo is found after about three times as long. Lower
    /// finds sooner and asks more.
    /// </summary>
    public TimeSpan StepWatchInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long changes of the membership are collected before a new plan is made. Default 100 ms.</summary>
    public TimeSpan PlanDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a session's block table is kept on a silo without a step. Default 10 minutes.</summary>
    public TimeSpan SessionIdleTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a stopping silo tries to hand over before it stops anyway. Default 30 s. Longer lets larger shares load elsewhere first.
    /// </summary>
    public TimeSpan LeaveGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often expert loads are looked at for a better plan. Default zero: never; copies of hot experts are then not made.</summary>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.Zero;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        foreach (ModelSettings model in Models)
        {
            model.Validate();
        }

        if (Models.Select(static m => m.Name).Distinct(StringComparer.Ordinal).Count() != Models.Count)
        {
            throw new ModelException("Two models have the same name; allowed: names that differ.");
        }

        Positive(nameof(StepDeadline), StepDeadline);
        Positive(nameof(RequestDeadline), RequestDeadline);
        Positive(nameof(ExpertCallTimeout), ExpertCallTimeout);
        Positive(nameof(StepWatchInterval), StepWatchInterval);
        Positive(nameof(SessionIdleTime), SessionIdleTime);
        if (ExpertCallRetries is < 0 or > 10)
        {
            throw new ModelException($"{nameof(ExpertCallRetries)} is {ExpertCallRetries}; allowed: 0 to 10.");
        }
    }

    /// <summary>What the silo announces.</summary>
    internal Dictionary<string, string> Announcement(string name) => SiloAnnouncement.Of(Capacity with { Name = name }, IsaName(), Forms());

    private Dictionary<string, string> Forms() => Models.ToDictionary(static model => model.Name, static model => model.Form(ModelConfig.Load(model.Directory)));

    private string IsaName() => (Models.Count > 0 ? Models[0].Options.Isa : null)?.ToString() ?? InstructionSets.Choose().ToString();

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
    /// <summary>Its name, as requests give it.</summary>
    public required string Name { get; init; }

    /// <summary>Its folder, on every silo.</summary>
    public required string Directory { get; init; }

    /// <summary>How it is loaded; KvTokens, Kv, MaxBatchTokens, MaxLogitRows, Mode and Quant must be the same on every silo.</summary>
    public ModelOptions Options { get; init; } = new();

    /// <summary>How steps are filled and how long the queue is.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One is out of range, or the folder holds no config.json that can be run.</exception>
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
        Form(ModelConfig.Load(Directory));
    }

    /// <summary>The form its weights, keys and values are held in, as silos tell each other.</summary>
    /// <exception cref="ModelException">The checkpoint is quantised in another form than the options ask for.</exception>
    internal string Form(ModelConfig config) =>
        $"{WeightTypes.Of(config, Options.Mode, Options.Quant).Name}, K/V in {Options.CacheFormat.Name()}";
}
