using System.CommandLine;
using System.CommandLine.Parsing;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that name LoRA adapters.</summary>
internal static class AdapterOptions
{
    /// <summary>--lora of verbs that compute with one adapter.</summary>
    public static readonly Option<string?> Folder = new("--lora")
    {
        Description = "The folder of a LoRA adapter to compute with, as PEFT writes it. [default: none]",
        HelpName = "DIR",
    };

    /// <summary>--lora of verbs that serve adapters.</summary>
    public static readonly Option<Dictionary<string, string>> Served = new("--lora")
    {
        Description = "A LoRA adapter, which requests name as their model: a name and the folder, as PEFT writes it. It may be given several times.",
        HelpName = "NAME=DIR",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseServed,
    };

    private static readonly Option<long?> Memory = ByteSizeOption.Create(
        "--lora-memory", "The most memory for adapters. Those that were not used for the longest time make room, and are loaded again when asked for. [default: 4GiB]");

    /// <summary>Adds the options of verbs that serve adapters.</summary>
    public static void AddServedTo(Command command)
    {
        command.Add(Served);
        command.Add(Memory);
    }

    /// <summary>Adds the adapters of the command line to a model.</summary>
    public static LocalModelOptions Read(ParseResult parsed, LocalModelOptions model) => model with
    {
        Adapters = parsed.GetValue(Served) ?? [],
        AdapterBytes = parsed.GetValue(Memory) ?? model.AdapterBytes,
    };

    /// <summary>Checks the adapter of --lora, if one is given, before anything is loaded.</summary>
    /// <exception cref="ModelException">The adapter cannot be used with the model.</exception>
    public static void Check(ParseResult parsed, ModelConfig model)
    {
        if (parsed.GetValue(Folder) is { } folder)
        {
            LoraFolder.Open(folder, model).Dispose();
        }
    }

    private static Dictionary<string, string>? ParseServed(ArgumentResult result)
    {
        Dictionary<string, string> adapters = new(StringComparer.Ordinal);
        foreach (Token token in result.Tokens)
        {
            if (AdapterNames.Add(token.Value, adapters) is { } wrong)
            {
                result.AddError($"--lora {wrong}");
                return null;
            }
        }

        return adapters;
    }
}
