using System.CommandLine;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>chat</c>: a conversation on the terminal, or with one question per line from a pipe.</summary>
internal static class ChatCommand
{
    private const string Help = "/reset forgets the conversation, /exit or Ctrl-D leaves, Ctrl-C stops an answer.";

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("chat", $"Chats with the model. {Help}") { SharedOptions.Model, PromptOptions.System };
        SamplingOptions.AddTo(command);
        SharedOptions.AddComputeTo(command);
        SharedOptions.AddGuessingTo(command);
        ClusterOptions.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        SamplingOptions.Check(parsed);
        List<ChatMessage> history = Conversation.Begin(parsed.GetValue(PromptOptions.System)!);
        int initialCount = history.Count;
        await using IInferenceSession session = await OpenAsync(parsed);
        AnswerSettings settings = SamplingOptions.Read(parsed, session.Defaults);
        LineInput input = new(parsed.InvocationConfiguration);
        input.WriteHint($"{session.Name}. {Help}");
        while (input.Read() is { } line)
        {
            switch (line.Trim())
            {
                case "":
                    break;
                case "/exit" or "/quit":
                    return ExitCode.Success;
                case "/reset":
                    history.RemoveRange(initialCount, history.Count - initialCount);
                    input.WriteHint("The conversation is forgotten.");
                    break;
                case "/help":
                    input.WriteHint(Help);
                    break;
                default:
                    await TurnAsync(session, settings, history, line, parsed.InvocationConfiguration);
                    break;
            }
        }

        return ExitCode.Success;
    }

    private static async Task<IInferenceSession> OpenAsync(ParseResult parsed)
    {
        using InterruptHandler interrupt = new();
        if (ClusterOptions.IsGiven(parsed))
        {
            return await ClusterOptions.OpenAsync(parsed, interrupt.Token);
        }

        PromptEncoder encoder = new(SharedOptions.ModelFolder(parsed));
        // Loads the tokenizer first, so that a folder without one fails before the weights are loaded.
        _ = encoder.Tokenizer;
        return ModelSession.Open(encoder, ComputeSettings.Read(parsed), interrupt.Token, ComputeSettings.Scheduler(parsed));
    }

    private static async Task TurnAsync(
        IInferenceSession session, AnswerSettings settings, List<ChatMessage> history, string line, InvocationConfiguration streams)
    {
        history.Add(ChatMessage.User(line));
        using InterruptHandler interrupt = new();
        try
        {
            int[] prompt = await session.Encoder.EncodeChatAsync(history);
            GenerationRequest request = session.CreateRequest(prompt, settings, interrupt.Token) with { ReportProgress = TerminalFeatures.IsInteractive };
            Answer answer = await session.AnswerAsync(request, chunk =>
            {
                streams.Output.Write(chunk);
                streams.Output.Flush();
            });

            // The history keeps the part of a stopped answer that the user saw.
            history.Add(ChatMessage.Assistant(answer.Text!));
            streams.Output.WriteLine(answer.Finish == FinishReason.Cancelled ? " [stopped]" : "");
        }
        catch (Exception e) when (UserErrors.IsForUsers(e))
        {
            // Most likely the conversation is too long for the context. It continues without this question.
            history.RemoveAt(history.Count - 1);
            streams.Error.WriteLine($"{e.Message.ReplaceLineEndings(" ")} /reset starts a new conversation.");
        }

        streams.Output.Flush();
    }
}
