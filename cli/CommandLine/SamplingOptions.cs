using System.CommandLine;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that set how tokens are sampled and when an answer ends.</summary>
internal static class SamplingOptions
{
    // Used if neither the command line nor the model sets a length.
    private const int FallbackMaxTokens = 512;

    private static readonly Option<int?> MaxTokens = new Option<int?>("--max-tokens", "-n")
    {
        Description = $"Generate at most N tokens. [default: the model's setting, otherwise {FallbackMaxTokens}]",
        HelpName = "N",
    }.InRange(1, int.MaxValue);

    private static readonly Option<float?> Temperature = new Option<float?>("--temperature")
    {
        Description = "Divide the logits by T; 0 always takes the likeliest token. [default: the model's setting]",
        HelpName = "T",
    }.InRange(0f, 1000f);

    private static readonly Option<float?> TopP = new Option<float?>("--top-p")
    {
        Description = "Sample from the likeliest tokens that together have the probability P. [default: the model's setting]",
        HelpName = "P",
    }.InRange(float.Epsilon, 1f);

    private static readonly Option<int?> TopK = new Option<int?>("--top-k")
    {
        Description = "Sample from the K likeliest tokens; 0 means all tokens. [default: the model's setting]",
        HelpName = "K",
    }.InRange(0, int.MaxValue);

    private static readonly Option<float?> RepetitionPenalty = new Option<float?>("--repetition-penalty")
    {
        Description = "Values above 1 make tokens that have occurred before less likely. [default: the model's setting]",
        HelpName = "R",
    }.InRange(float.Epsilon, 1000f);

    private static readonly Option<ulong?> Seed = new Option<ulong?>("--seed")
    {
        Description = "Make sampling repeatable: the same seed draws the same tokens.",
        HelpName = "N",
    }.InRange(ulong.MinValue, ulong.MaxValue);

    private static readonly Option<string[]> Stop = new("--stop")
    {
        Description = "End the answer before this text. May be given several times.",
        HelpName = "TEXT",
    };

    private static readonly Option<bool> Greedy = new("--greedy")
    {
        Description = "Always take the likeliest token. Penalties apply only if they are given.",
    };

    private static readonly Option<bool> IgnoreEos = new("--ignore-eos")
    {
        Description = "Go on after the model's end-of-text token.",
    };

    /// <summary>--max-tokens: the length of an answer.</summary>
    public static Option Length => MaxTokens;

    /// <summary>Adds the options to a verb.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { MaxTokens, Temperature, TopP, TopK, RepetitionPenalty, Seed, Stop, Greedy, IgnoreEos })
        {
            command.Add(option);
        }
    }

    /// <summary>Adds only the option for the length of an answer.</summary>
    public static void AddLengthTo(Command command) => command.Add(MaxTokens);

    /// <summary>Checks that the options do not contradict each other.</summary>
    /// <exception cref="UsageException">They contradict each other.</exception>
    public static void Check(ParseResult parsed)
    {
        if (parsed.GetValue(Greedy) && parsed.GetValue(Temperature) is > 0)
        {
            throw new UsageException("--greedy and --temperature above 0 exclude each other.");
        }
    }

    /// <summary>Combines the options with the model's defaults; options take precedence. Call <see cref="Check"/> first.</summary>
    public static AnswerSettings Read(ParseResult parsed, GenerationDefaults defaults)
    {
        SamplingParams standard = parsed.GetValue(Greedy) ? SamplingParams.Greedy : FromDefaults(defaults);
        SamplingParams sampling = standard.With(
            temperature: parsed.GetValue(Temperature),
            topP: parsed.GetValue(TopP),
            topK: parsed.GetValue(TopK),
            repetitionPenalty: parsed.GetValue(RepetitionPenalty),
            seed: parsed.GetValue(Seed));
        return new AnswerSettings(
            sampling,
            parsed.GetValue(MaxTokens),
            defaults.MaxNewTokens ?? FallbackMaxTokens,
            [.. (parsed.GetValue(Stop) ?? []).Where(s => s.Length > 0)],
            parsed.GetValue(IgnoreEos));
    }

    /// <summary>Settings for greedy answers, with the length of the command line or of the model.</summary>
    public static AnswerSettings ReadGreedy(ParseResult parsed, GenerationDefaults defaults) =>
        new(SamplingParams.Greedy, parsed.GetValue(MaxTokens), defaults.MaxNewTokens ?? FallbackMaxTokens, [], IgnoreEos: false);

    private static SamplingParams FromDefaults(GenerationDefaults defaults) => SamplingParams.Default with
    {
        Temperature = defaults.DoSample ? (float)defaults.Temperature : 0,
        TopP = (float)defaults.TopP,
        TopK = defaults.TopK,
        RepetitionPenalty = (float)defaults.RepetitionPenalty,
    };
}
