using HunyuanOrleans.Model.Loading;
using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>plan: which silo would hold what, from config.json alone; starts nothing and reads no weights.</summary>
internal static class PlanCommand
{
    private const int MostSilos = 1024;

    private static readonly Option<int?> Silos = new Option<int?>("--silos")
    {
        Description = "Number of silos, all alike. [default: 1]",
        HelpName = "N",
    }.InRange(1, MostSilos);

    private static readonly Option<long?> Memory = ByteSizeOption.Create(
        "--memory", "Memory of each silo for weights and K/V, such as 80GB. [default: the device's]");

    private static readonly Option<string> Device = new Option<string>("--device")
    {
        Description = "Device of each silo, by its data sheet.",
        HelpName = string.Join('|', DeviceCatalog.Names),
        DefaultValueFactory = _ => "cpu",
    }.OneOf([.. DeviceCatalog.Names]);

    private static readonly Option<string?> Kv = Words<KvFormat>("--kv", "Keys and values. [default: bf16]");

    private static readonly Option<long?> MinKvTokens = new Option<long?>("--min-kv-tokens")
    {
        Description = "Tokens there must be K/V room for. [default: the model's context, at most 4096]",
        HelpName = "N",
    }.InRange(1, 1L << 40);

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new("plan", "Shows how silos would share a model, and how fast it should be; needs config.json only.")
        {
            SharedOptions.Model, Silos, Memory, Device, SharedOptions.Mode, SharedOptions.Quant, Kv, MinKvTokens, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string folder = SharedOptions.ModelFolder(parsed);
        ModelConfig config = ModelConfig.Load(folder);
        PlanOptions options = new()
        {
            Mode = ComputeSettings.Mode(parsed),
            Quant = ComputeSettings.Quant(parsed),
            Kv = Read(parsed, Kv, KvFormat.Bf16),
            MinKvTokens = parsed.GetValue(MinKvTokens) ?? 0,
        };
        WeightTypes types = WeightTypes.Of(config, options.Mode, options.Quant);
        PartitionPlan plan = PartitionPlan.Create(config, Alike(parsed, MostWeights(config, types)), options);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(PlanResult.Of(plan), JsonOutput.Readable.PlanResult));
            return plan.Fits ? ExitCode.Success : ExitCode.Failure;
        }

        plan.EnsureFits();
        PlanTable.Write(folder, config, types, plan, output);
        return ExitCode.Success;
    }

    // Experts are most of a mixture, and plain MLPs of what has none.
    private static ElementType MostWeights(ModelConfig config, WeightTypes types)
    {
        int last = config.Layers - 1;
        return types.TypeOf(ModuleNames.Gate(config.IsMoeLayer(last) ? ModuleNames.Expert(last, 0) : ModuleNames.Dense(last)));
    }

    private static SiloCapacity[] Alike(ParseResult parsed, ElementType type)
    {
        int count = parsed.GetValue(Silos) ?? 1;
        DeviceProfile device = DeviceCatalog.Get(parsed.GetValue(Device)!);
        SiloCapacity[] silos = new SiloCapacity[count];

        // Names of one length sort like their numbers.
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

    private static T Read<T>(ParseResult parsed, Option<string?> option, T standard)
        where T : struct, Enum => parsed.GetValue(option) is { } word ? Enum.Parse<T>(word, ignoreCase: true) : standard;
}
