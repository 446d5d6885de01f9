using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Responses;

/// <summary>Reads a request for a response.</summary>
internal static class ResponsesRequestReader
{
    private const string PreviousName = "previous_response_id";

    private static readonly string[] Summaries = ["auto", "concise", "detailed", "none"];

    /// <summary>Reads and validates a request.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    /// <param name="stored">The responses that are kept for the caller.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob Read(RequestFields fields, ServedModel model, ServerOptions options, StoredResponses stored)
    {
        RejectUnsupported(fields);
        ToolChoice tools = ToolChoice.Read(fields, flat: true) with { Format = model.ToolCalls };
        StructuredOutput? output = StructuredOutput.Read(fields, ResponseTextFormat.Read(fields), tools);
        RequestFields? reasoning = fields.Object("reasoning");
        if (reasoning?.Text("summary") is { } summary && !Summaries.Contains(summary))
        {
            throw ApiException.Invalid("reasoning.summary", $"reasoning.summary must be one of {string.Join(", ", Summaries)}.");
        }

        SamplingParams sampling = TokenRestrictions.Apply(fields, model, CommonParameters.ReadSampling(fields, model.Defaults, logprobs: null));
        int? maxTokens = fields.Int("max_output_tokens", 1);
        ResponseSettings settings = ResponseSettings.Read(fields, sampling, maxTokens);
        IReadOnlyList<ChatMessage> conversation = InputReader.Read(fields, ReadPrevious(fields, stored));
        ChatParameters chat = new()
        {
            Messages = settings.Instructions is null ? conversation : [ChatMessage.System(settings.Instructions), .. conversation],
            Tools = tools,
            Reasoning = ReasoningParameters.Read(fields, reasoning?.Text("effort"), "reasoning.effort", model, options),
            Output = output,
            Request = CommonParameters.ReadRequest(fields, sampling, choices: 1, maxTokens, options),
            Stream = fields.Bool("stream") ?? false,
            SkipSpecial = CommonParameters.ReadSkipSpecial(fields),
            Fit = prompt => PromptLimits.Fit(prompt, "input", maxTokens, fields, model, options),
            MessagesName = "input",
            LengthName = "max_output_tokens",
        };
        return chat.CreateJob(model, answer => new ResponsesFormat(settings, answer.ShowReasoning, conversation, settings.Store ? stored : null));
    }

    private static IReadOnlyList<ChatMessage> ReadPrevious(RequestFields fields, StoredResponses stored) => fields.Text(PreviousName) is not { } id
        ? []
        : (stored.Find(id) ?? throw ApiException.Invalid(PreviousName, StoredResponses.Missing(id), "previous_response_not_found")).Conversation;

    private static void RejectUnsupported(RequestFields fields)
    {
        ResponsesUnsupportedFields.Refuse(fields);
        if (fields.Bool("background") is true)
        {
            throw ApiException.Invalid("background", "background is not supported; this server answers while the client waits.", "unsupported_value");
        }

        if (fields.Text("truncation") is { } truncation && truncation != "disabled")
        {
            throw ApiException.Invalid("truncation", "truncation must be \"disabled\": this server leaves out no part of the input.", "unsupported_value");
        }

        // It counts calls of built-in tools, which are refused.
        fields.Int("max_tool_calls", 1);

        // There is no encrypted content: reasoning is sent as text.
        if (fields.Texts("include").FirstOrDefault(static item => item != "reasoning.encrypted_content") is not null)
        {
            throw ApiException.Invalid("include", "include may hold \"reasoning.encrypted_content\" only.", "unsupported_value");
        }
    }
}
