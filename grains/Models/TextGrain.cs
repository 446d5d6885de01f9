using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Requests;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Templates;
using Orleans.Concurrency;

namespace HunyuanOrleans.Grains.Models;

/// <inheritdoc cref="ITextGrain"/>
[GrainType("text"), StatelessWorker, SameModelFilter]
public sealed class TextGrain(ModelHosts hosts, ModelTexts texts) : Grain, ITextGrain
{
    /// <inheritdoc/>
    public async Task<TextCard> DescribeAsync()
    {
        string model = this.GetPrimaryKeyString();
        string[] names = [.. hosts.All.Select(static host => host.Settings.Name).Order(StringComparer.Ordinal)];
        string? parent = hosts.Knows(model) ? null : hosts.FindParent(model)?.Settings.Name;
        if (hosts.Knows(parent ?? model))
        {
            return await RunOnThreadPool(() => Describe(parent ?? model, names)) with { Parent = parent, Adapters = Adapters() };
        }

        Forget();
        return new TextCard(names, false, false, 0, null, null) { Adapters = Adapters() };
    }

    /// <inheritdoc/>
    public Task<EncodedText> EncodeChatAsync(ChatTurn[] messages) => EncodeAsync("messages", model => texts.Chat(model) is { } chat
        ? Describe(model, chat, chat.Encode(Array.ConvertAll(
            messages, static turn => new ChatMessage(turn.Role, turn.Content) { Name = turn.Name, ReasoningContent = turn.ReasoningContent })))
        : null);

    /// <inheritdoc/>
    public Task<EncodedText> EncodeAsync(string text) => EncodeAsync(
        "prompt", model => texts.Tokenizer(model) is { } tokenizer ? new EncodedText(tokenizer.Encode(text), null) : null);

    private string[] Adapters() =>
        [.. hosts.All.SelectMany(static host => host.Adapters.Agreement.Table.Live).Select(static adapter => adapter.Name)];

    private EncodedText Describe(string model, ChatEncoder chat, int[] ids) => ReasoningFormat.Of(chat.Template, texts.Tokenizer(model)) is { } format
        ? new EncodedText(ids, null, format.Name, (int)format.StartAfter(ids, texts.Tokenizer(model)!))
        : new EncodedText(ids, null);

    private TextCard Describe(string model, string[] names)
    {
        ModelHost host = hosts.Get(model);
        GenerationDefaults defaults = texts.Defaults(model);
        int blocks = Kernels.Attention.KvBlocks.Positions;
        int pool = (((host.Settings.Options.KvTokens + blocks - 1) / blocks) * blocks) + 1;
        return new TextCard(
            names,
            true,
            texts.Tokenizer(model) is not null,
            Math.Min(host.Config.MaxPositions, pool),
            SamplingParamsMessage.Of(texts.Sampling(model)),
            defaults.MaxNewTokens);
    }

    private async Task<EncodedText> EncodeAsync(string parameter, Func<string, EncodedText?> encode)
    {
        string model = this.GetPrimaryKeyString();
        if (RequestErrors.UnknownModel(hosts, model) is { } unknown)
        {
            Forget();
            return new EncodedText([], unknown);
        }

        try
        {
            return await RunOnThreadPool(() => encode(model)) ?? new EncodedText([], RequestErrors.NoText(model));
        }
        catch (Exception wrong) when (UserErrors.IsForUsers(wrong))
        {
            return new EncodedText([], new RequestError(parameter, wrong.Message, false));
        }
    }

    // Clients can invent any number of names.
    private void Forget() => DeactivateOnIdle();

    // Encoding a long text would hold up other grains on Orleans' threads.
    private static Task<T> RunOnThreadPool<T>(Func<T> work) => Task.Run(work);
}
