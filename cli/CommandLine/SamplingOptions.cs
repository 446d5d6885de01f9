using System.CommandLine;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that say how an answer is drawn and when it ends, for the verbs that answer.</summary>
internal static class SamplingOptions
{
    // Where neither the user nor the model says how many.
    private const int FallbackMaxTokens = 512;

    private static readonly Option<int?> MaxTokens = new Option<int?>("--max-tokens", "-n")
    {
        Description = $"Most tokens to generate. [default: the model's own, else {FallbackMaxTokens}]",
        HelpName = "N",
    }.InRange(1, int.MaxValue);

    private static readonly Option<float?> Temperature = new Option<float?>("--temperature")
    {
        Description = "Divides the logits; 0 is greedy. [default: the model's own]",
        HelpName = "T",
    }.InRange(0f, 1000f);

    private static readonly Option<float?> TopP = new Option<float?>("--top-p")
    {
        Description = "Keep the likeliest tokens up to this probability mass. [default: the model's own]",
        HelpName = "P",
    }.InRange(float.Epsilon, 1f);

    private static readonly Option<int?> TopK = new Option<int?>("--top-k")
    {
        Description = "Keep this many likeliest tokens; 0 keeps all. [default: the model's own]",
        HelpName = "K",
    }.InRange(0, int.MaxValue);

    private static readonly Option<float?> RepetitionPenalty = new Option<float?>("--repetition-penalty")
    {
        Description = "Above 1 makes tokens seen before less likely. [default: the model's own]",
        HelpName = "R",
    }.InRange(float.Epsilon, 1000f);

    private static readonly Option<ulong?> Seed = new Option<ulong?>("--seed")
    {
        Description = "Makes the draw repeatable.",
        HelpName = "N",
    }.InRange(ulong.MinValue, ulong.MaxValue);

    private static readonly Option<string[]> Stop = new("--stop")
    {
        Description = "Ends the answer before this text; may be given several times.",
        HelpName = "TEXT",
    };

    private static readonly Option<bool> Greedy = new("--greedy")
    {
        Description = "Always take the likeliest token, without penalties unless given.",
    };

    private static readonly Option<bool> IgnoreEos = new("--ignore-eos")
    {
        Description = "Go on after the model's end-of-text token.",
    };

    /// <summary>Adds all of them to a verb.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { MaxTokens, Temperature, TopP, TopK, RepetitionPenalty, Seed, Stop, Greedy, IgnoreEos })
        {
            command.Add(option);
        }
    }

    /// <summary>Adds only the length of an answer.</summary>
    public static void AddLengthTo(Command command) => command.Add(MaxTokens);

    /// <summary>Throws where the options contradict each other.</summary>
    /// <exception cref="UsageException">They do.</exception>
    public static void Check(ParseResult parsed)
    {
        if (parsed.GetValue(Greedy) && parsed.GetValue(Temperature) is > 0)
        {
            throw new UsageException("--greedy and --temperature above 0 exclude each other.");
        }
    }

    /// <summary>Puts together what the user said and what the model suggests. Call <see cref="Check"/> before.</summary>
    public static AnswerSettings Read(ParseResult parsed, GenerationDefaults defaults)
    {
        SamplingParams suggested = parsed.GetValue(Greedy) ? SamplingParams.Greedy : Suggested(defaults);
        SamplingParams sampling = suggested.With(
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

    /// <summary>Greedy answers of the length the user or the model says.</summary>
    public static AnswerSettings ReadGreedy(ParseResult parsed, GenerationDefaults defaults) =>
        new(SamplingParams.Greedy, parsed.GetValue(MaxTokens), defaults.MaxNewTokens ?? FallbackMaxTokens, [], IgnoreEos: false);

    private static SamplingParams Suggested(GenerationDefaults defaults) => SamplingParams.Default with
    {
        Temperature = defaults.DoSample ? (float)defaults.Temperature : 0,
        TopP = (float)defaults.TopP,
        TopK = defaults.TopK,
        RepetitionPenalty = (float)defaults.RepetitionPenalty,
    };
}
