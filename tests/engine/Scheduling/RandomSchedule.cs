using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Engine.Tests.Support;

namespace HunyuanOrleans.Engine.Tests.Scheduling;

/// <summary>Random limits, options and requests of one schedule, derived from one number.</summary>
internal sealed class RandomSchedule
{
    public RandomSchedule(int number)
    {
        var random = new Random(number);
        int blockPositions = random.Next(2, 9);
        int longest = random.Next(24, 80);
        int blocks = ((longest + blockPositions - 1) / blockPositions) + random.Next(0, 12);
        int maxSequences = random.Next(1, 9);
        Limits = new ExecutorLimits(random.Next(20, 60), longest + random.Next(0, 10), blocks, blockPositions, random.Next(maxSequences, 64), maxSequences);
        Options = new SchedulerOptions
        {
            MaxSequences = random.Next(1, maxSequences + 1),
            TokenBudget = random.Next(maxSequences, 64),
            PrefillChunk = random.Next(1, 20),
            PrefixCache = random.Next(4) > 0,
        };
        Period = random.Next(3) == 0 ? 0 : random.Next(1, 8);
        Options = Options with
        {
            Speculation = random.Next(4) switch
            {
                0 => SpeculationOptions.Off,
                1 => new SpeculationOptions(),
                _ => new SpeculationOptions { MaxTokens = random.Next(1, 12), Adaptive = false },
            },
        };
        var other = new Random(-1 - number);
        if (other.Next(2) == 0)
        {
            Limits = Limits with { HasMtp = true };
            Options = Options with { Speculation = Options.Speculation with { MtpTokens = other.Next(0, SpeculationOptions.LongestMtp + 1), MtpAdaptive = other.Next(2) == 0 } };
        }

        Eos = random.Next(2) == 0 ? [] : [random.Next(Limits.VocabularySize)];
        int[][] prefixes = [.. Enumerable.Range(0, 3).Select(_ => Ids(random, random.Next(1, longest / 2)))];
        Losses = random;
        Arrivals = [.. Enumerable.Range(0, random.Next(4, 20)).Select(_ => Arrive(random, prefixes, longest))];
    }

    public ExecutorLimits Limits { get; }

    public SchedulerOptions Options { get; }

    public int[] Eos { get; }

    /// <summary>The period with which texts tend to repeat; 0 for none.</summary>
    public int Period { get; }

    /// <summary>Random numbers that determine when keys and values are lost.</summary>
    public Random Losses { get; }

    public Arrival[] Arrivals { get; }

    private Arrival Arrive(Random random, int[][] prefixes, int longest)
    {
        int[] prefix = prefixes[random.Next(prefixes.Length)];
        int[] prompt = [.. prefix.Take(random.Next(1, prefix.Length + 1)), .. Ids(random, random.Next(0, longest / 4))];
        int room = longest - prompt.Length;
        var request = new GenerationRequest
        {
            PromptIds = prompt,
            MaxTokens = random.Next(8) == 0 ? null : random.Next(1, room + 1),
            Choices = random.Next(3) == 0 ? random.Next(2, 4) : 1,
            IgnoreEos = random.Next(3) == 0,
            StopIds = random.Next(4) == 0 ? Ids(random, 2) : [],
            StopStrings = random.Next(4) == 0 ? ["cab", "dd"] : [],
            CacheSalt = random.Next(5) == 0 ? "other" : null,
            Sampling = Sampling(random),
        };
        request = random.Next(4) == 0 ? Resuming(random, request) : request;
        int cancelAfter = random.Next(5) == 0 ? random.Next(0, 30) : int.MaxValue;
        return new Arrival(random.Next(0, 40), cancelAfter, random.Next(request.Resume?.Count ?? request.Choices), request);
    }

    /// <summary>Changes a request to resume some of its answers, each after a random number of tokens.</summary>
    private GenerationRequest Resuming(Random random, GenerationRequest request)
    {
        request = request with { Sampling = request.Sampling with { Seed = request.Sampling.Seed ?? 5 } };
        int maxTokens = RequestValidator.Check(request, Limits, new LetterText(Limits.VocabularySize));
        int[] choices = [.. Enumerable.Range(0, request.Choices)];
        random.Shuffle(choices);
        return request with
        {
            Resume =
            [
                .. choices.Take(random.Next(1, choices.Length + 1)).Select(choice =>
                {
                    int[] ids = ReferenceDecoder.Run(request, request.Sampling.Seed.Value, choice, maxTokens, Limits.VocabularySize, Eos, Period).Ids;
                    return new ResumedChoice(choice, ids.AsMemory(0, random.Next(ids.Length + 1)));
                }),
            ],
        };
    }

    private SamplingParams Sampling(Random random) => new()
    {
        Temperature = random.Next(3) == 0 ? 0 : random.NextSingle() + 0.3f,
        TopK = random.Next(2) == 0 ? 0 : random.Next(1, 30),
        TopP = random.Next(2) == 0 ? 1 : 0.3f + (0.7f * random.NextSingle()),
        MinP = random.Next(3) == 0 ? 0.1f : 0,
        RepetitionPenalty = random.Next(3) == 0 ? 1.3f : 1,
        PresencePenalty = random.Next(3) == 0 ? 0.5f : 0,
        FrequencyPenalty = random.Next(3) == 0 ? 0.2f : 0,
        Seed = random.Next(2) == 0 ? null : (ulong)random.Next(),
        LogProbabilities = random.Next(4) == 0 ? 2 : null,
        LogitBias = random.Next(4) == 0 ? new Dictionary<int, float> { [random.Next(Limits.VocabularySize)] = 1 } : null,
        BannedTokens = random.Next(4) == 0 ? Ids(random, 3) : null,
    };

    private int[] Ids(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(Limits.VocabularySize))];

    /// <summary>One request with the step of its arrival, and how many steps later which of its answers is cancelled.</summary>
    internal sealed record Arrival(int Step, int CancelAfter, int CancelledChoice, GenerationRequest Request);
}
