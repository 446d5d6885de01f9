using System.Runtime.InteropServices;
using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Requests;

/// <summary>
/// Checks at submission that a request is valid and can be served: an accepted request always fits once other answers have ended.
/// </summary>
internal static class RequestValidator
{
    // They travel to the caller in one message of about 8 MiB.
    private const int MaxPromptEntries = 1 << 20;

    private const int MaxStopIds = 256, MaxStopStrings = 64, MaxStopStringLength = 4096;

    /// <summary>Throws if the request is invalid or can never fit.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limits">The executor's capacities.</param>
    /// <param name="text">The bytes of tokens; null if the engine cannot turn ids into text.</param>
    /// <returns>The most tokens that each answer may have.</returns>
    /// <exception cref="RequestException">The request is invalid; the message names the parameter.</exception>
    public static int Check(GenerationRequest request, ExecutorLimits limits, ITokenText? text)
    {
        CheckStops(request, limits, hasText: text is not null);
        request.Sampling.Validate(limits.VocabularySize);
        if (request.Choices is < 1 or > GenerationRequest.MaxChoices)
        {
            throw RequestException.NotAllowed("n", request.Choices, $"1 to {GenerationRequest.MaxChoices}");
        }

        foreach (int id in request.PromptIds.Span)
        {
            SamplingParamsValidator.RequireToken(id, "prompt", limits.VocabularySize);
        }

        CheckReasoning(request, limits, text);
        CheckPromptLogProbabilities(request);
        CheckResume(request, limits);
        int maxTokens = MaxTokens(request, limits);
        return request.MinTokens >= 0 && request.MinTokens <= maxTokens
            ? maxTokens
            : throw RequestException.NotAllowed("min_tokens", request.MinTokens, $"0 to max_tokens, {maxTokens}");
    }

    private static void CheckReasoning(GenerationRequest request, ExecutorLimits limits, ITokenText? text)
    {
        if (request.Reasoning is not { } reasoning)
        {
            return;
        }

        if (text is null)
        {
            throw new RequestException("thinking_token_budget", "thinking_token_budget needs a tokenizer, and this model has none; leave it out.");
        }

        if (reasoning.MaxTokens < 0 || reasoning.Close.Length == 0 || reasoning.Open is "" || reasoning.CloseIds.Count is 0 or > MaxStopIds)
        {
            throw RequestException.NotAllowed("thinking_token_budget", reasoning.MaxTokens, $"0 or more, with marks that are not empty and 1 to {MaxStopIds} ids that end the reasoning");
        }

        List<byte> closing = [];
        foreach (int id in reasoning.CloseIds)
        {
            SamplingParamsValidator.RequireToken(id, "thinking_token_budget", limits.VocabularySize);
            if (request.Sampling.BannedTokens?.Contains(id) == true)
            {
                throw new RequestException("thinking_token_budget", $"thinking_token_budget ends the reasoning with token {id}, which is banned; allow one of both.");
            }

            closing.AddRange(text.TokenBytes(id));
        }

        if (CollectionsMarshal.AsSpan(closing).IndexOf(Encoding.UTF8.GetBytes(reasoning.Close)) < 0)
        {
            throw new RequestException("thinking_token_budget", $"The ids that end the reasoning do not contain its mark, {reasoning.Close}.");
        }
    }

    private static void CheckResume(GenerationRequest request, ExecutorLimits limits)
    {
        if (request.Resume is not { } resumed)
        {
            return;
        }

        if (request.Sampling.Seed is null)
        {
            throw new RequestException("seed", "seed is not set; a request that resumes answers needs the seed they were drawn with.");
        }

        if (resumed.Count == 0)
        {
            throw new RequestException("resume", "resume lists no choice; allowed: one or more, or none at all to begin anew.");
        }

        bool[] seen = new bool[request.Choices];
        foreach (ResumedChoice choice in resumed)
        {
            if ((uint)choice.Index >= (uint)request.Choices)
            {
                throw new RequestException("resume", $"resume lists choice {choice.Index}; allowed: 0 to {request.Choices - 1}.");
            }

            if (seen[choice.Index])
            {
                throw new RequestException("resume", $"resume lists choice {choice.Index} twice; allowed: each once.");
            }

            seen[choice.Index] = true;
            foreach (int id in choice.Ids.Span)
            {
                SamplingParamsValidator.RequireToken(id, "resume", limits.VocabularySize);
            }
        }
    }

    private static void CheckPromptLogProbabilities(GenerationRequest request)
    {
        if (request.PromptLogProbabilities is not int alternatives)
        {
            return;
        }

        if (alternatives is < 0 or > SamplingParamsValidator.MaxLogProbabilities)
        {
            throw RequestException.NotAllowed("prompt_logprobs", alternatives, $"0 to {SamplingParamsValidator.MaxLogProbabilities}");
        }

        // Each answer holds and sends those of the prompt.
        long entries = (long)request.PromptIds.Length * (1 + alternatives) * request.Choices;
        if (entries > MaxPromptEntries)
        {
            throw new RequestException(
                "prompt_logprobs", $"prompt_logprobs is {alternatives} for a prompt of {request.PromptIds.Length} tokens and {request.Choices} answers, which are {entries} log probabilities; allowed: up to {MaxPromptEntries}.");
        }
    }

    private static int MaxTokens(GenerationRequest request, ExecutorLimits limits)
    {
        if (request.MaxTokens is < 1 && !(request.MaxTokens == 0 && request.PromptLogProbabilities is not null))
        {
            throw RequestException.NotAllowed("max_tokens", request.MaxTokens, "1 or more");
        }

        int prompt = request.PromptIds.Length;
        if (prompt == 0)
        {
            throw new RequestException("prompt", "The prompt is empty; at least one token is needed.");
        }

        // The last token of an answer is never computed, so it needs no position in the KV cache.
        long pool = ((long)limits.KvBlocks * limits.BlockPositions) + 1;
        (long most, string limit) = pool < limits.MaxContext
            ? (pool, $"the KV pool holds ({limits.KvBlocks} blocks of {limits.BlockPositions})")
            : (limits.MaxContext, "the model's context allows");
        if (prompt >= most)
        {
            throw new RequestException(
                "prompt", $"The prompt has {prompt} tokens; prompt and answer together may have {most}, which {limit}.")
            {
                IsTooLong = true,
            };
        }

        if (request.MaxTokens is int wanted && wanted > most - prompt)
        {
            throw new RequestException(
                "max_tokens", $"max_tokens is {wanted} and the prompt has {prompt} tokens; together they may be {most}, which {limit}.")
            {
                IsTooLong = true,
            };
        }

        return request.MaxTokens ?? (int)(most - prompt);
    }

    private static void CheckStops(GenerationRequest request, ExecutorLimits limits, bool hasText)
    {
        if (request.StopIds.Count > MaxStopIds)
        {
            throw RequestException.NotAllowed("stop_token_ids", request.StopIds.Count, $"0 to {MaxStopIds}", "number of stop_token_ids");
        }

        foreach (int id in request.StopIds)
        {
            SamplingParamsValidator.RequireToken(id, "stop_token_ids", limits.VocabularySize);
        }

        if (request.StopStrings.Count > 0 && !hasText)
        {
            throw new RequestException("stop", "Stop strings need a tokenizer, and this model has none; use stop token ids.");
        }

        if (request.StopStrings.Count > MaxStopStrings)
        {
            throw RequestException.NotAllowed("stop", request.StopStrings.Count, $"0 to {MaxStopStrings}", "number of stop strings");
        }

        foreach (string stop in request.StopStrings)
        {
            if (stop.Length is 0 or > MaxStopStringLength)
            {
                throw RequestException.NotAllowed("stop", stop.Length, $"1 to {MaxStopStringLength} characters", "length of a stop string");
            }
        }
    }
}
