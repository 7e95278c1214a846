/* SPDX-License-Identifier: Apache-2.0 */
/* Made by unittest/vectors/ticket_vectors.py: see PROTOCOL.md section 13. */
#define TICKET_INFO \
    "64706b2d7469636b6574207631b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2" \
    "b2b2b2b2b26eb3a2af59bcea65e3cc0b80eb09638a4b57dc364347c10604dbdae3b8573348a1a1a1" \
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1ca3291d18769987fc6e9fe" \
    "4ffcd530ada2d1b5172cf852235c4d711a0f5dc54a"
#define TICKET_CLAIMS \
    "6d657465722d370000000000000000006553f100025831313131313131318001"
#define TICKET_TICKET \
    "01226eb3a2afa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a10290" \
    "999dbbf43034bffb1dd53eac1eb4c33a4ea1c4f48ba585cfde3830840f0555a8342f4038ddd4fa38" \
    "f0d9560d0ac7dd7998772e4a8faa5d3bc9889af554239ba63f0fb1b1c9c484aeaafa280c2e5a8d"
#define TICKET_TEXT \
    "dpk1.ASJus6KvoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaECkJmdu_QwNL_7HdU-rB60wzp" \
    "OocT0i6WFz944MIQPBVWoNC9AON3U-jjw2VYNCsfdeZh3LkqPql07yYia9VQjm6Y_D7GxycSErqr6KAw" \
    "uWo0"
#define TICKET_KS \
    "35ec9cfc70637981e6b0ead13debe1a8479b6197de70df4f1ce0a43fe8370b4c"
#define TICKET_PSK_DTLS12 \
    "2f9dd9507adb08c1851ee9c5489ac03452302a5ffb07523a854bc90cc305ef63"
#define TICKET_ID_DTLS12 \
    "dpk1.rsHOmBBj67ONtDsAisXcdQ"
#define TICKET_PSK_TLS12 \
    "b53fb4c48030f36c488bc9cc115a3b4b40966a80cff0125555bc5fd4fa418fd6"
#define TICKET_ID_TLS12 \
    "dpk1.RPb6SxXI1Y_sAbqmNzJigA"
#define TICKET_PSK_TLS13 \
    "55a5bfb2f8874472375fbaf1bab1fd22dd2cc4c44614f366674c0d4f13e5f6d1"
#define TICKET_ID_TLS13 \
    "dpk1.YltzFX5gFe_d6cla7eXVBw"
#define TICKET_PSK_PSK16 \
    "507ee7c94bfd2bc825b0beba9a88fe67"
#define TICKET_ID_PSK16 \
    "dpk1.D8t_B16xWu9q0RTOUaWdwQ"
#define TICKET_OSCORE \
    "0c16bd95a29422fb4ffb894292fcd2b4"
#define TICKET_OSCORE_SALT \
    "153904a18391252b"
#define TICKET_UPLOAD \
    "011022004141414101226eb3a2afa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" \
    "a1a1a1a1a1a10290999dbbf43034bffb1dd53eac1eb4c33a4ea1c4f48ba585cfde3830840f0555a8" \
    "342f4038ddd4fa38f0d9560d0ac7dd7998772e4a8faa5d3bc9889af554239ba63f0fb1b1c9c484ae" \
    "aafa280c2e5a8d"
#define TICKET_UPLOAD_COOKIE \
    "0111220041414141a4080455e18ab2ed184acdea80382ea6"
#define TICKET_UPLOAD_AGAIN \
    "0110220141414141a4080455e18ab2ed184acdea80382ea601226eb3a2afa1a1a1a1a1a1a1a1a1a1" \
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a10290999dbbf43034bffb1dd53eac1eb4c33a" \
    "4ea1c4f48ba585cfde3830840f0555a8342f4038ddd4fa38f0d9560d0ac7dd7998772e4a8faa5d3b" \
    "c9889af554239ba63f0fb1b1c9c484aeaafa280c2e5a8d"
#define TICKET_UPLOAD_DONE \
    "01122200414141415689fb70fcfed0dd7980d911086a0c8b"
