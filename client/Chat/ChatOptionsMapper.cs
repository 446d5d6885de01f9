using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>
/// Applies chat options to a request. Unsupported options that would change the answer are errors; hints that cannot change it (parallel tool calls,
/// background responses, reasoning effort) are ignored.
/// </summary>
internal static class ChatOptionsMapper
{
    /// <summary>Name of the parameter that sets a constraint, for error messages.</summary>
    public const string ConstraintParameter = "response_format";

    /// <summary>Throws if an option is not supported.</summary>
    /// <exception cref="NotSupportedException">An option is not supported; the message names it and says what is allowed.</exception>
    public static void ThrowIfUnsupported(ChatOptions? options)
    {
        if (options is null)
        {
            return;
        }

        Require(options.Tools is not { Count: > 0 } || options.ToolMode is NoneChatToolMode, nameof(options.Tools), "none, or the tool mode None; read calls from the text");
        Require(options.ToolMode is not RequiredChatToolMode, nameof(options.ToolMode), "None and Auto");
        Require(options.ResponseFormat is null or ChatResponseFormatText or ChatResponseFormatJson, nameof(options.ResponseFormat), "text, and JSON with or without a schema");
        Require(options.ConversationId is null, nameof(options.ConversationId), "none; send the whole chat, whose known beginning is not computed again");
        Require(options.ContinuationToken is null, nameof(options.ContinuationToken), "none; streams go on by themselves");
    }

    /// <summary>Returns the request with the values of the options.</summary>
    /// <param name="options">The options; null for none.</param>
    /// <param name="request">The request with the values that the model's publisher recommends.</param>
    /// <exception cref="NotSupportedException">An additional property is unknown.</exception>
    /// <exception cref="RequestException">An additional property has a value of the wrong type.</exception>
    public static GenerationRequest Apply(ChatOptions? options, GenerationRequest request)
    {
        if (options is null)
        {
            return request;
        }

        request = request with
        {
            Sampling = request.Sampling.With(
                temperature: options.Temperature,
                topP: options.TopP,
                topK: options.TopK,
                presencePenalty: options.PresencePenalty,
                frequencyPenalty: options.FrequencyPenalty,
                seed: options.Seed is { } seed ? unchecked((ulong)seed) : null),
            MaxTokens = options.MaxOutputTokens ?? request.MaxTokens,
            StopStrings = options.StopSequences is { Count: > 0 } stops ? [.. stops] : request.StopStrings,
        };
        foreach ((string name, object? value) in options.AdditionalProperties ?? [])
        {
            request = AdditionalChatOptions.Apply(request, name, value);
        }

        return request;
    }

    /// <summary>Returns the constraint that the response format sets on the answer's text; null for none.</summary>
    public static ConstraintSpec? ToConstraint(ChatOptions? options) => options?.ResponseFormat is not ChatResponseFormatJson json ? null
        : json.Schema is { } schema ? ConstraintSpec.JsonSchema(schema.GetRawText())
        : ConstraintSpec.JsonObject;

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new NotSupportedException($"ChatOptions.{option} is not supported by {nameof(HunyuanClient)}; allowed: {allowed}.");
        }
    }
}
