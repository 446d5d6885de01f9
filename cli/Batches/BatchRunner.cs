using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>Sends the requests of a batch that have no answer yet, several at once, and writes the answers.</summary>
/// <param name="client">Sends a request.</param>
/// <param name="output">Receives the answers.</param>
/// <param name="concurrency">Most requests in progress at the same time.</param>
internal sealed class BatchRunner(BatchClient client, BatchOutput output, int concurrency)
{
    private readonly Lock _gate = new();
    private int _done, _failed, _lost;
    private long _promptTokens, _answerTokens;

    /// <summary>Number of requests that succeeded in this run.</summary>
    public int Succeeded => _done - _failed;

    /// <summary>Number of requests that failed in this run.</summary>
    public int Failed => _failed;

    /// <summary>Tokens of the prompts that were answered in this run.</summary>
    public long PromptTokens => _promptTokens;

    /// <summary>Tokens of the answers of this run.</summary>
    public long AnswerTokens => _answerTokens;

    /// <summary>Runs the batch.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="total">Number of requests.</param>
    /// <param name="report">Receives the progress.</param>
    /// <param name="cancellationToken">Stops the run. The answers so far are written.</param>
    /// <exception cref="ModelException">The server does not respond any more.</exception>
    public Task RunAsync(IEnumerable<BatchRequest> requests, int total, ProgressReport report, CancellationToken cancellationToken)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(requests.Where(request => !output.HasAnswerTo(request)), options, async (request, token) =>
        {
            BatchAnswer answer = await client.SendAsync(request, token);
            output.Append(request, answer);
            // Counting and reporting are one step, so that the progress never goes back.
            lock (_gate)
            {
                Count(answer);
                report(output.AnsweredBefore + _done, total, _failed == 0 ? null : $"({_failed} failed)");
            }
        });
    }

    private void Count(BatchAnswer answer)
    {
        (int prompt, int generated) = answer.GetUsage();
        _promptTokens += prompt;
        _answerTokens += generated;
        _done++;
        _failed += answer.Succeeded ? 0 : 1;
        _lost = answer.Error is null ? 0 : _lost + 1;

        // If more requests in a row than run at once find no server, the rest would fail too.
        if (_lost > concurrency)
        {
            throw new ModelException($"The server does not respond any more: {answer.Error} The same command goes on from here.");
        }
    }
}
