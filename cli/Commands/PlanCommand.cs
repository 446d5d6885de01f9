using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>plan</c>: shows which part of a model each silo would hold. Needs only config.json.</summary>
internal static class PlanCommand
{
    private const int MaxSilos = 1024, DefaultMaxBatchTokens = 512;

    private static readonly Option<int?> Silos = new Option<int?>("--silos")
    {
        Description = "The number of silos, all of the same kind. [default: 1]",
        HelpName = "N",
    }.InRange(1, MaxSilos);

    private static readonly Option<long?> Memory = ByteSizeOption.Create(
        "--memory", "The memory of each silo for weights and K/V, such as 80GB. [default: the memory of the device]");

    private static readonly Option<string> Device = new Option<string>("--device")
    {
        Description = "The device of each silo, with the memory and speed of its data sheet.",
        HelpName = string.Join('|', DeviceCatalog.Names),
        DefaultValueFactory = _ => "cpu",
    }.OneOf([.. DeviceCatalog.Names]);

    private static readonly Option<string?> Kv = Words<KvFormat>("--kv", "The format of keys and values. [default: bf16]");

    private static readonly Option<long?> MinKvTokens = new Option<long?>("--min-kv-tokens")
    {
        Description = "The number of tokens whose keys and values must fit. [default: the model's context, at most 4096]",
        HelpName = "N",
    }.InRange(1, 1L << 40);

    private static readonly Option<int?> MaxBatchTokens = new Option<int?>("--max-batch-tokens")
    {
        Description = "The most tokens of a step, which determine the silos' scratch memory. [default: 512]",
        HelpName = "N",
    }.InRange(1, 65536);

    private static readonly Option<int?> MaxSequences = new Option<int?>("--max-sequences")
    {
        Description = "The most sequences of a step, likewise. [default: 256, at most --max-batch-tokens]",
        HelpName = "N",
    }.InRange(1, 65536);

    private static readonly Option<int?> StepsInFlight = new Option<int?>("--steps-in-flight")
    {
        Description = $"The most steps computed at once, likewise. [default: {ModelOptions.DefaultStepsInFlight}]",
        HelpName = "N",
    }.InRange(1, ModelOptions.MaxStepsInFlight);

    private static readonly Option<int?> Streams = new Option<int?>("--streams")
    {
        Description = "Also predict the speed of so many streams together, and how busy each silo then is.",
        HelpName = "N",
    }.InRange(1, 65536);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("plan", "Shows how silos would share a model, and predicts its speed. Needs only config.json.")
        {
            SharedOptions.Model, Silos, Memory, Device, SharedOptions.Mode, SharedOptions.Quant, Kv, SharedOptions.MaxModelLength, MinKvTokens, MaxBatchTokens, MaxSequences, StepsInFlight,
            Streams, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string folder = SharedOptions.ModelFolder(parsed);
        ModelConfig config = ModelConfig.Load(folder).WithContext(parsed.GetValue(SharedOptions.MaxModelLength));
        PlanOptions options = new()
        {
            Mode = ComputeSettings.Mode(parsed),
            Quant = ComputeSettings.Quant(parsed),
            Kv = Read(parsed, Kv, KvFormat.Bf16),
            MinKvTokens = parsed.GetValue(MinKvTokens) ?? 0,
        };
        ModelOptions steps = StepSizes(parsed, options);
        WeightTypes types = WeightTypes.Of(config, options.Mode, options.Quant);
        PartitionPlan plan = PartitionPlan.Create(config, CreateSilos(parsed, DominantType(config, types)), options);
        TextWriter output = parsed.InvocationConfiguration.Output;
        PredictedStreams? streams = parsed.GetValue(Streams) is { } count && plan.Fits ? PredictedStreams.Of(count, plan.Predict(count, steps.StepsInFlight)) : null;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(PlanResult.Of(plan, streams), JsonOutput.Readable.PlanResult));
            return plan.Fits ? ExitCode.Success : ExitCode.Failure;
        }

        plan.EnsureFits();
        PlanTable.Write(folder, config, types, plan, steps, streams, output);
        return ExitCode.Success;
    }

    private static ModelOptions StepSizes(ParseResult parsed, PlanOptions options)
    {
        int tokens = parsed.GetValue(MaxBatchTokens) ?? DefaultMaxBatchTokens;
        int sequences = parsed.GetValue(MaxSequences) ?? ModelOptions.DefaultSequences(tokens);
        return sequences <= tokens
            ? new ModelOptions
            {
                Mode = options.Mode,
                MaxBatchTokens = tokens,
                MaxLogitRows = sequences,
                StepsInFlight = parsed.GetValue(StepsInFlight) ?? ModelOptions.DefaultStepsInFlight,
            }
            : throw new UsageException($"--max-sequences is {sequences}; allowed: 1 to as many as --max-batch-tokens ({tokens}).");
    }

    // The type of most weights: those of the experts, or of the MLPs in a model without experts.
    private static ElementType DominantType(ModelConfig config, WeightTypes types)
    {
        int last = config.Layers - 1;
        return types.TypeOf(ModuleNames.Gate(config.IsMoeLayer(last) ? ModuleNames.Expert(last, 0) : ModuleNames.Dense(last)));
    }

    private static SiloCapacity[] CreateSilos(ParseResult parsed, ElementType type)
    {
        int count = parsed.GetValue(Silos) ?? 1;
        DeviceProfile device = DeviceCatalog.Get(parsed.GetValue(Device)!);
        SiloCapacity[] silos = new SiloCapacity[count];

        // Numbers with leading zeros, so that names sort like numbers.
        string digits = new('0', (count - 1).ToString().Length);
        for (int i = 0; i < count; i++)
        {
            silos[i] = SiloCapacity.FromDevice($"silo-{i.ToString(digits)}", device, type, parsed.GetValue(Memory));
        }

        return silos;
    }

    private static Option<string?> Words<T>(string name, string description)
        where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(word => word.ToLowerInvariant())];
        Option<string> option = new Option<string>(name) { Description = description, HelpName = string.Join('|', words) }.OneOf(words);
        return option!;
    }

    private static T Read<T>(ParseResult parsed, Option<string?> option, T defaultValue)
        where T : struct, Enum => parsed.GetValue(option) is { } word ? Enum.Parse<T>(word, ignoreCase: true) : defaultValue;
}
