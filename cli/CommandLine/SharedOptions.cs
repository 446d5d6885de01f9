using System.CommandLine;
using System.CommandLine.Parsing;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that several verbs have, each defined once.</summary>
internal static class SharedOptions
{
    /// <summary>--model: the model folder.</summary>
    public static readonly Option<string> Model = new("--model", "-m")
    {
        Description = $"Model folder. [default: {DefaultModel.Variable}, else the bundled demo model]",
        HelpName = "DIR",
    };

    /// <summary>--mode: the arithmetic.</summary>
    public static readonly Option<string> Mode = new Option<string>("--mode")
    {
        Description = "Arithmetic: f32 is the reference, bf16 is fast.",
        DefaultValueFactory = _ => "bf16",
        HelpName = "f32|bf16",
    }.OneOf("f32", "bf16");

    /// <summary>--quant: the form of the matrices.</summary>
    public static readonly Option<string?> Quant = new Option<string>("--quant")
    {
        Description = "Form of the weights: int8 and int4 are the experts only (int4 with the rest in int8), -all attention too. [default: as the checkpoint is]",
        HelpName = string.Join('|', QuantFormats.Names),
    }.OneOf([.. QuantFormats.Names])!;

    /// <summary>--kv: how keys and values are stored.</summary>
    public static readonly Option<string?> Kv = new Option<string>("--kv")
    {
        Description = "Keys and values: int8 and fp8 take half the memory of bf16. [default: as --mode]",
        HelpName = "bf16|int8|fp8",
    }.OneOf("bf16", "int8", "fp8")!;

    /// <summary>--threads: how many cores compute.</summary>
    public static readonly Option<int?> Threads = new Option<int?>("--threads")
    {
        Description = "Threads that compute. [default: the cores this process may use]",
        HelpName = "N",
    }.InRange(1, 1024);

    /// <summary>--packed-cache: keep a packed copy of the weights.</summary>
    public static readonly Option<string?> PackedCache = new("--packed-cache")
    {
        Description = "Keep a packed copy of the weights, so that the next start only maps it: in DIR, or beside the model. [default: off]",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>--json: output for machines.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON for machines." };

    /// <summary>--ids: a prompt as token ids.</summary>
    public static Option<int[]?> IdList(bool required) => new("--ids")
    {
        Description = "The prompt as token ids, separated by commas.",
        HelpName = "1,2,3",
        Required = required,
        CustomParser = ParseIds,
    };

    /// <summary>--out: where a verb writes its result.</summary>
    public static Option<string?> Out(string description) => new("--out", "-o") { Description = description, HelpName = "FILE" };

    /// <summary>Adds the options that say how to compute.</summary>
    public static void AddComputeTo(Command command)
    {
        command.Add(Mode);
        command.Add(Quant);
        command.Add(Kv);
        command.Add(Threads);
        command.Add(PackedCache);
    }

    /// <summary>The model folder the command line means.</summary>
    /// <exception cref="UsageException">None is given and there is no default.</exception>
    /// <exception cref="ModelException">There is no such folder.</exception>
    public static string ModelFolder(ParseResult parsed)
    {
        string folder = parsed.GetValue(Model) ?? DefaultModel.Folder();
        return Directory.Exists(folder) ? folder : throw new ModelException($"{folder}: there is no such folder.");
    }

    private static int[]? ParseIds(ArgumentResult result)
    {
        string text = string.Join(',', result.Tokens.Select(t => t.Value));
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int[] ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], out ids[i]) || ids[i] < 0)
            {
                result.AddError($"--ids takes token ids separated by commas, such as 1,2,3; '{parts[i]}' is none.");
                return null;
            }
        }

        return ids;
    }
}
