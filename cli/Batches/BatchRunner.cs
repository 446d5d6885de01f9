using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>Sends the requests of a batch that have no answer yet, several at once, and writes the answers.</summary>
/// <param name="client">Sends a request.</param>
/// <param name="output">Receives the answers.</param>
/// <param name="concurrency">Most requests in progress at the same time.</param>
internal sealed class BatchRunner(BatchClient client, BatchOutput output, int concurrency)
{
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
            int failed = answer.Succeeded ? Volatile.Read(ref _failed) : Interlocked.Increment(ref _failed);
            (int prompt, int generated) = answer.GetUsage();
            Interlocked.Add(ref _promptTokens, prompt);
            Interlocked.Add(ref _answerTokens, generated);
            report(output.AnsweredBefore + Interlocked.Increment(ref _done), total, failed == 0 ? null : $"({failed} failed)");
            StopIfLost(answer);
        });
    }

    // If as many requests in a row as run at once find no server, the rest would fail too.
    private void StopIfLost(BatchAnswer answer)
    {
        if (answer.Error is null)
        {
            Volatile.Write(ref _lost, 0);
        }
        else if (Interlocked.Increment(ref _lost) > concurrency)
        {
            throw new ModelException($"The server does not respond any more: {answer.Error} The same command goes on from here.");
        }
    }
}
