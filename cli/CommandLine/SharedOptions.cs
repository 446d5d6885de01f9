using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that several verbs share.</summary>
internal static class SharedOptions
{
    /// <summary>--model: the model folder.</summary>
    public static readonly Option<string> Model = new("--model", "-m")
    {
        Description = $"The model folder. [default: the variable {DefaultModel.Variable}, otherwise the bundled demo model]",
        HelpName = "DIR",
    };

    /// <summary>--mode: the arithmetic.</summary>
    public static readonly Option<string> Mode = new Option<string>("--mode")
    {
        Description = "The arithmetic: f32 is the reference, bf16 is faster.",
        DefaultValueFactory = _ => "bf16",
        HelpName = "f32|bf16",
    }.OneOf("f32", "bf16");

    /// <summary>--quant: the format of the weights.</summary>
    public static readonly Option<string?> Quant = new Option<string>("--quant")
    {
        Description = "The format of the weights. int8 quantises experts and MLPs to 8 bits; int4 quantises them to 4 bits, and attention to 8; "
            + "with -all, attention has the same bits as experts; fp8 uses 8-bit floats for both. [default: the format of the checkpoint]",
        HelpName = string.Join('|', QuantFormats.Names),
    }.OneOf([.. QuantFormats.Names])!;

    /// <summary>--kv: how keys and values are stored.</summary>
    public static readonly Option<string?> Kv = new Option<string>("--kv")
    {
        Description = "The format of keys and values; int8 and fp8 take half the memory of bf16. [default: the same as --mode]",
        HelpName = "bf16|int8|fp8",
    }.OneOf("bf16", "int8", "fp8")!;

    /// <summary>--threads: the number of threads that compute.</summary>
    public static readonly Option<int?> Threads = new Option<int?>("--threads")
    {
        Description = "The number of threads that compute. [default: the number of cores that this process may use]",
        HelpName = "N",
    }.InRange(1, 1024);

    /// <summary>--max-model-len: the longest context.</summary>
    public static readonly Option<int?> MaxModelLength = new Option<int?>("--max-model-len")
    {
        Description = "The longest context in tokens, instead of max_position_embeddings in config.json. Models with an alpha keep their rotary angles at every "
            + "length. [default: that of config.json]",
        HelpName = "N",
    }.InRange(1, ModelOptions.MostModelLength);

    /// <summary>--device: what computes.</summary>
    public static readonly Option<string> Device = new Option<string>("--device")
    {
        Description = "What computes: cpu, or cuda:N for a GPU that the verb devices lists.",
        DefaultValueFactory = _ => "cpu",
        HelpName = "cpu|cuda:N",
    }.Where(static word => word == "cpu" || CudaDeviceChoice.IsName(word), $"cpu or {CudaDeviceChoice.NameForm}");

    /// <summary>--packed-cache: keep a packed copy of the weights.</summary>
    public static readonly Option<string?> PackedCache = new("--packed-cache")
    {
        Description = "Keep a packed copy of the weights in DIR, or in the model folder without DIR. The next start maps the copy instead of packing "
            + "the weights again. [default: off]",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>--speculative-tokens: how far tokens are guessed ahead of answers.</summary>
    public static readonly Option<string> Speculation = new Option<string>("--speculative-tokens")
    {
        Description = "Most tokens that a step guesses from the text so far and verifies together: auto guesses as many as pay, up to 16; off guesses none; N always "
            + "guesses N. Answers stay the same. (vLLM: num_speculative_tokens; llama.cpp: --draft-max) [default: auto]",
        HelpName = "auto|off|N",
    }.Where(static word => SpeculationOptions.Parse(word) is not null, SpeculationOptions.Forms);

    /// <summary>--mtp-tokens: whether the model's MTP layer is loaded, and how far it guesses.</summary>
    public static readonly Option<string> Mtp = new Option<string>("--mtp-tokens")
    {
        Description = "Most tokens that a step guesses with the model's own layer for multi-token prediction (MTP) and verifies together: auto guesses as many as pay, "
            + "up to 2; N guesses N, up to 8, wherever no guess from the text so far is verified; off does not load the layer. Answers stay the same. (vLLM: method mtp; SGLang: NEXTN) [default: off]",
        HelpName = "auto|off|N",
    }.Where(static word => SpeculationOptions.Off.WithMtp(word) is not null, SpeculationOptions.MtpForms);

    /// <summary>The options that set how tokens are guessed.</summary>
    public static readonly IReadOnlyList<Option> Guessing = [Speculation, Mtp];

    /// <summary>The options that set where and how the model computes on this machine.</summary>
    public static readonly IReadOnlyList<Option> Compute = [Device, Mode, Quant, Kv, MaxModelLength, Threads, PackedCache];

    /// <summary>--json: whether the output is JSON.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON." };

    /// <summary>Creates the option --ids, which gives the prompt as token ids.</summary>
    public static Option<int[]?> IdList(bool required) => new("--ids")
    {
        Description = "The prompt as token ids, separated by commas.",
        HelpName = "1,2,3",
        Required = required,
        CustomParser = ParseIds,
    };

    /// <summary>Creates the option --out, which names the file that a verb writes.</summary>
    public static Option<string?> Out(string description) => new("--out", "-o") { Description = description, HelpName = "FILE" };

    /// <summary>Adds the options that set where and how the model computes.</summary>
    public static void AddComputeTo(Command command) => Add(command, Compute);

    /// <summary>Adds the options that set how tokens are guessed.</summary>
    public static void AddGuessingTo(Command command) => Add(command, Guessing);

    /// <summary>Adds the options that set how the model computes, for a verb with its own option for where.</summary>
    public static void AddArithmeticTo(Command command) => Add(command, Compute.Where(static option => option != Device));

    /// <summary>The first of some options that the command line gives, rather than a default value; null if it gives none.</summary>
    public static Option? FindGiven(ParseResult parsed, IEnumerable<Option> options) =>
        options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>The model folder of the command line, or the default one.</summary>
    /// <exception cref="UsageException">The command line names no folder and there is no default.</exception>
    /// <exception cref="ModelException">The folder does not exist.</exception>
    public static string ModelFolder(ParseResult parsed)
    {
        string folder = parsed.GetValue(Model) ?? DefaultModel.Folder();
        return Directory.Exists(folder) || File.Exists(folder) ? folder : throw new ModelException($"{folder}: there is no such folder or file.");
    }

    private static void Add(Command command, IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    private static int[]? ParseIds(ArgumentResult result)
    {
        string text = string.Join(',', result.Tokens.Select(t => t.Value));
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int[] ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                result.AddError($"--ids takes token ids separated by commas, such as 1,2,3, not '{parts[i]}'.");
                return null;
            }
        }

        return ids;
    }
}
