namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// The template for model folders without one. It renders what the published template of Hunyuan-Large renders, including the duplicated
/// start token after an empty first message, because models were trained on that. As in A13B's template, a tool message ends like a user
/// message.
/// </summary>
internal static class BuiltInTemplate
{
    public const string Source = """
        {%- for message in messages %}
            {%- if message.role == 'user' %}
                {%- if loop.index0 != 1 %}
                    {{- '<|startoftext|>' }}
                {%- elif messages[0].content == '' %}
                    {{- '<|startoftext|><|startoftext|>' }}
                {%- endif %}
                {{- message.content + '<|extra_0|>' }}
            {%- elif message.role == 'assistant' %}
                {{- message.content + '<|eos|>' }}
            {%- elif message.role == 'tool' %}
                {{- message.content + '<|extra_0|>' }}
            {%- elif loop.first and message.content != '' %}
                {{- '<|startoftext|>' + message.content + '<|extra_4|>' }}
            {%- else %}
                {{- message.content }}
            {%- endif %}
        {%- endfor %}
        """;
}
