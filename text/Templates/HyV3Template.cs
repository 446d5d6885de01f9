namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// The template for folders of models of type hy_v3 without one. It renders what the published template of Hy3 renders. The suffix of all special tokens
/// is token_suffix of tokenizer_config.json.
/// </summary>
internal static class HyV3Template
{
    public const string Source = """
        {%- set sx = token_suffix | default('') %}
        {%- set bos = bos_token | default('<｜hy_begin_of_sentence' ~ sx ~ '｜>') %}
        {%- set eos = eos_token | default('<｜hy_eos' ~ sx ~ '｜>') %}
        {%- set user_turn = '<｜hy_User' ~ sx ~ '｜>' %}
        {%- set assistant_turn = '<｜hy_Assistant' ~ sx ~ '｜>' %}
        {%- set think, end_think = '<think' ~ sx ~ '>', '</think' ~ sx ~ '>' %}
        {%- set arg_key, end_arg_key = '<arg_key' ~ sx ~ '>', '</arg_key' ~ sx ~ '>\n' %}
        {%- set arg_value, end_arg_value = '<arg_value' ~ sx ~ '>', '</arg_value' ~ sx ~ '>\n' %}
        {%- set tool_call, tool_sep = '<tool_call' ~ sx ~ '>', '<tool_sep' ~ sx ~ '>\n' %}
        {%- set end_tool_call = '</tool_call' ~ sx ~ '>\n' %}
        {%- set effort = reasoning_effort | default('no_think') %}
        {%- if effort not in ['no_think', 'low', 'high'] %}
            {{- raise_exception('reasoning_effort error : ' ~ effort ~ ', should be no_think/low/high') }}
        {%- endif %}
        {%- set retries = fallback_strategy is defined and fallback_strategy == 'reasoning_toolcall_retry' %}
        {%- set effort = 'high' if retries else effort %}
        {%- set mode = '<｜reasoning_mode' ~ sx ~ '｜>reasoning_effort:' ~ effort %}
        {%- set trains = is_training is defined and is_training %}
        {%- set keeps = preserved_thinking | default(tools is defined and tools is not none and tools | length > 0) %}
        {%- set ns = namespace(system=false, last_user=-1, answers=false) %}
        {{- bos }}
        {%- for message in messages %}
            {%- if message.role == 'system' %}
                {{- message.content }}
                {%- set ns.system = ns.system or message.content != '' %}
            {%- elif message.role == 'user' %}
                {%- set ns.last_user = loop.index0 %}
            {%- endif %}
        {%- endfor %}
        {%- if tools %}
            {{- ('\n\n' if ns.system else '') ~ '# Tools\n\nYou may call one or more functions to assist with the user query.' }}
            {{- '\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>' }}
            {%- for tool in tools %}
                {{- '\n' }}{{- tool | tojson }}
            {%- endfor %}
            {{- '\n</tools>\n\nFor function call returns, you should first print <tool_calls' ~ sx ~ '>\n' }}
            {{- 'For each function call, you should return object like:\n' ~ tool_call ~ '{function-name}' ~ tool_sep }}
            {%- for number in [1, 2] %}
                {{- arg_key ~ '{arg-key-' ~ number ~ '}' ~ end_arg_key ~ arg_value ~ '{arg-value-' ~ number ~ '}' ~ end_arg_value }}
            {%- endfor %}
            {{- '...\n' ~ end_tool_call ~ 'At the end of function call returns, you should print </tool_calls' ~ sx ~ '>' }}
        {%- endif %}
        {{- mode }}
        {%- for message in messages %}
            {%- if message.role == 'tool' %}
                {%- if not ns.answers %}
                    {{- '<tool_responses' ~ sx ~ '>\n' }}
                {%- endif %}
                {%- set ns.answers = true %}
                {{- '<tool_response' ~ sx ~ '>\n' }}{{- message.content }}{{- '\n</tool_response' ~ sx ~ '>\n' }}
            {%- elif message.role != 'system' %}
                {%- if ns.answers %}
                    {{- '</tool_responses' ~ sx ~ '>' }}
                {%- endif %}
                {%- set ns.answers = false %}
            {%- endif %}
            {%- if message.role == 'user' %}
                {{- user_turn }}{{- message.content }}
            {%- elif message.role == 'assistant' %}
                {{- assistant_turn }}
                {%- set calls = message.tool_calls is defined and message.tool_calls %}
                {%- if not (loop.last and raw_last_assistant is defined and raw_last_assistant and not trains and not calls) %}
                    {{- think }}
                    {%- if trains or keeps or loop.index0 > ns.last_user %}
                        {{- message.reasoning_content or message.reasoning or '' }}
                    {%- endif %}
                    {{- end_think }}
                {%- endif %}
                {{- message.content }}
                {%- if calls %}
                    {{- '<tool_calls' ~ sx ~ '>\n' }}
                    {%- for call in message.tool_calls %}
                        {{- tool_call }}{{- call.function.name }}{{- tool_sep }}
                        {%- for name, value in call.function.arguments.items() %}
                            {{- arg_key }}{{- name }}{{- end_arg_key }}
                            {{- arg_value }}{{- value if value is string else value | tojson }}{{- end_arg_value }}
                        {%- endfor %}
                        {{- end_tool_call }}
                    {%- endfor %}
                    {{- '</tool_calls' ~ sx ~ '>' }}
                {%- endif %}
                {%- if calls or trains or not loop.last %}
                    {{- eos }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if ns.answers %}
            {{- '</tool_responses' ~ sx ~ '>' }}
        {%- endif %}
        {%- if add_generation_prompt and not retries and messages[-1].role != 'assistant' %}
            {{- assistant_turn ~ think }}
            {%- if effort == 'no_think' %}
                {{- end_think }}
            {%- endif %}
        {%- endif %}
        """;
}
