using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>One stream of a run: sends a prompt again and again until the run ends, and compares the tokens of each answer.</summary>
internal sealed class SimulationStream(SimulationWorkload workload, int number, IGenerator generator, SimulationClock clock)
{
    private readonly List<double> _tokens = [];
    private double? _firstToken;
    private double _longestGap;

    /// <summary>Simulated times of the tokens, in order.</summary>
    public IReadOnlyList<double> TokenTimes => _tokens;

    /// <summary>Simulated seconds from the first request to its first token; null if there was none.</summary>
    public double? FirstToken => _firstToken;

    /// <summary>The longest simulated time between two tokens of an answer.</summary>
    public double LongestGap => _longestGap;

    /// <summary>Number of answers that ended with an error.</summary>
    public int Failed { get; private set; }

    /// <summary>Number of answers with a token other than expected.</summary>
    public int Unequal { get; private set; }

    /// <summary>A description of the first problem; null if there was none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Runs the stream.</summary>
    /// <param name="again">Whether another request follows after an answer.</param>
    /// <param name="cancellationToken">Ends the stream at once.</param>
    public async Task RunAsync(Func<bool> again, CancellationToken cancellationToken)
    {
        do
        {
            try
            {
                await AnswerAsync(cancellationToken);
            }
            catch (HunyuanException fault)
            {
                Fail(fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
        while (again());
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        int[] expected = workload.Answers[number];
        double began = clock.Now;
        double last = began;
        int count = 0;
        bool equal = true;
        IGeneration generation = await generator.SubmitAsync(
            new GenerationRequest { PromptIds = workload.Prompts[number], Sampling = SamplingParams.Greedy, MaxTokens = expected.Length, IgnoreEos = true, CacheSalt = $"{number} {began}" },
            cancellationToken);
        await foreach (TokenChunk chunk in generation.Choices[0].WithCancellation(cancellationToken))
        {
            double now = clock.Now;
            if (chunk.Finish == FinishReason.Error)
            {
                Fail(chunk.Error ?? "the answer ended with an error");
                return;
            }

            if (chunk.Ids.Length == 0)
            {
                continue;
            }

            _firstToken ??= now - began;
            _longestGap = count == 0 ? _longestGap : Math.Max(_longestGap, now - last);
            last = now;
            foreach (int id in chunk.Ids.Span)
            {
                if (equal && (count >= expected.Length || id != expected[count]))
                {
                    equal = false;
                    Problem ??= $"stream {number}: token {count} is {id} instead of {(count < expected.Length ? expected[count] : "none")}";
                }

                count++;
                _tokens.Add(now);
            }
        }

        if (equal && count != expected.Length)
        {
            equal = false;
            Problem ??= $"stream {number}: {count} tokens instead of {expected.Length}";
        }

        Unequal += equal ? 0 : 1;
    }

    private void Fail(string reason)
    {
        Failed++;
        Problem ??= $"stream {number}: {reason}";
    }
}
