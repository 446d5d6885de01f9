using HunyuanOrleans.Model;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Encodes multiple-choice questions as a text to continue, or as a chat whose last answer is the choice.</summary>
/// <param name="encoder">The tokenizer and chat template of the model.</param>
/// <param name="prompt">How questions are written.</param>
/// <param name="system">The system message of a chat, which may be empty; null for a text.</param>
internal sealed class ChoiceEncoder(PromptEncoder encoder, ChoicePrompt prompt, string? system)
{
    /// <summary>Encodes questions. A question gets the shots with its own subject and those without one.</summary>
    /// <param name="items">The questions.</param>
    /// <param name="shots">Questions whose answers are shown first.</param>
    /// <param name="maxTokens">The model's context.</param>
    /// <exception cref="ModelException">A question is too long for the context.</exception>
    public EncodedChoices[] Encode(IReadOnlyList<ChoiceItem> items, IReadOnlyList<ChoiceItem> shots, int maxTokens)
    {
        EncodedChoices[] encoded = new EncodedChoices[items.Count];
        for (int i = 0; i < encoded.Length; i++)
        {
            ChoiceItem item = items[i];
            ChoiceItem[] shown = [.. shots.Where(shot => shot.Subject is null || shot.Subject == item.Subject)];
            encoded[i] = new EncodedChoices(
                item,
                system is null ? EncodeText(item, shown) : EncodeChat(item, shown),
                [.. item.Choices.Select((_, choice) => prompt.Answer(item, choice).EnumerateRunes().Count())]);
            if (encoded[i].Longest > maxTokens)
            {
                throw new ModelException($"Question {i + 1} has {encoded[i].Longest} tokens with its shots; the model's context allows {maxTokens}. Give fewer shots.");
            }
        }

        return encoded;
    }

    // The last characters of the context and the first of a choice may become one token. It counts as part of the choice, which therefore begins
    // where the ids differ from those of the context alone.
    private (int[] Ids, int Start)[] EncodeText(ChoiceItem item, ChoiceItem[] shots)
    {
        string context = prompt.Context(shots, item);
        int[] contextIds = encoder.Tokenizer.Encode(context);
        return [.. item.Choices.Select((_, choice) =>
        {
            int[] ids = encoder.Tokenizer.Encode(context + prompt.Continuation(item, choice));
            return (ids, Math.Clamp(ids.AsSpan().CommonPrefixLength(contextIds), 1, ids.Length - 1));
        })];
    }

    private (int[] Ids, int Start)[] EncodeChat(ChoiceItem item, ChoiceItem[] shots)
    {
        List<ChatMessage> chat = Conversation.Begin(system!);
        foreach (ChoiceItem shot in shots)
        {
            chat.Add(ChatMessage.User(prompt.Question(shot)));
            chat.Add(ChatMessage.Assistant(prompt.Answer(shot, shot.Answer)));
        }

        chat.Add(ChatMessage.User(prompt.Question(item)));
        int[] context = encoder.EncodeChat(chat);
        return [.. item.Choices.Select((_, choice) => ((int[])[.. context, .. encoder.Tokenizer.Encode(prompt.Answer(item, choice))], context.Length))];
    }
}
